import { describe, expect, it } from 'vitest';
import { compile, PartiqlError } from '../../../lib/partiql/index.js';
import { MemoryCatalog, texts } from '../memory-catalog.js';

const N = 30_000;

async function outcome(text: string): Promise<string> {
  try {
    await texts(new MemoryCatalog(), text);
    return 'works';
  } catch (error) {
    if (error instanceof PartiqlError) return error.code;
    return String(error);
  }
}

const value = (expression: string) =>
  `SELECT VALUE ${expression} FROM <<{}>> a`;
const nested = (link: string) => {
  let text = 'a';
  for (let i = 0; i < 100; i += 1) text = `(${text})${link.repeat(400)}`;
  return text;
};

describe('long chains', () => {
  it.each([
    ['path', value(`a${'.b'.repeat(N)}`)],
    ['index', value(`a${'[0]'.repeat(N)}`)],
    ['wildcard', value(`a${'.*'.repeat(N)}`)],
    ['path in FROM', `SELECT * FROM <<{}>> AS a, a${'.b'.repeat(N)}`],
    ['target', `FROM T AS a SET a${'.b'.repeat(N)} = 1`],
    ['sum', value(`1${'+1'.repeat(N)}`)],
    ['concatenation', value(`''${"||''".repeat(N / 2)}`)],
    ['comparison', value(`1${'=1'.repeat(N)}`)],
    ['UNION', `<<>>${' UNION <<>>'.repeat(N / 4)}`],
    ['FROM', `SELECT * FROM <<>>${',<<>>'.repeat(N / 2)}`],
    ['JOIN', `SELECT * FROM <<>>${' CROSS JOIN <<>>'.repeat(N / 6)}`],
    ['NOT', value(`${'NOT '.repeat(N / 2)}true`)],
    ['minus', value(`${'- '.repeat(N)}1`)],
    ['table path', `SELECT * FROM T${'.b'.repeat(N)}`],
    ['paths in parentheses', value(nested('.b'))],
    ['sums in parentheses', value(nested('+1'))],
    ['IS', value(`1${' IS NULL'.repeat(N / 3)}`)],
  ])('are refused: %s', async (_, text) => {
    expect(await outcome(text)).toMatch(/^PARTIQL_(LIMIT|SEMANTIC)$/);
  });

  it.each([
    ['OR', value(`false${' OR false'.repeat(N / 4)}`)],
    ['AND', value(`true${' AND true'.repeat(N / 4)}`)],
    ['IN', value(`1 IN (0${',1'.repeat(N)})`)],
    ['list', value(`[1${',1'.repeat(N)}]`)],
    ['CASE', value(`CASE${' WHEN 0=1 THEN 0'.repeat(N / 6)} END`)],
    ['struct', value(`{'a':1${",'a':1".repeat(N / 3)}}`)],
    ['select list', `SELECT 1${',1'.repeat(N)} FROM <<1>>`],
    ['arguments', value(`COALESCE(1${',1'.repeat(N)})`)],
    ['VALUES', `VALUES (1)${',(1)'.repeat(N / 2)}`],
    ['ORDER BY', `SELECT VALUE 1 FROM <<1>> ORDER BY 1${',1'.repeat(N)}`],
    ['GROUP BY', `SELECT COUNT(*) FROM <<1>> GROUP BY 1${',1'.repeat(1000)}`],
    ['path of 300 steps', value(`a${'.b'.repeat(300)}`)],
  ])('work: %s', async (_, text) => {
    expect(await outcome(text)).toBe('works');
  });

  it('names no internal error for a path', () => {
    expect(() => compile(value(`a${'.b'.repeat(N)}`))).toThrow(
      /nested more than 500 levels deep/,
    );
  });
});
