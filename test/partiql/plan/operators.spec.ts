import { describe, expect, it } from 'vitest';
import { parseIonText } from '../../../lib/ion/text.js';
import { compile } from '../../../lib/partiql/index.js';
import { evaluate, MemoryCatalog, NOW, texts } from '../memory-catalog.js';

describe.each([
  // numbers
  ['1 + 2 * 3 - 4', '3'],
  ['7 / 2', '3'],
  ['-7 / 2', '-3'],
  ['-7 % 3', '-1'],
  ['0 - 0', '0'],
  ['-0', '0'],
  ['1.0 + 2.00', '3.00'],
  ['1.10 * 2.0', '2.200'],
  ['1.0 / 3', `0.${'3'.repeat(38)}`],
  ['2.0 / 3', `0.${'6'.repeat(37)}7`],
  ['10.0 / 4', '2.5'],
  ['`1e0` + 1', '2e0'],
  ['`1e0` + 1.5', '2.5'],
  ['9007199254740991 + 2', '9007199254740993'],
  ['3037000500 * 3037000499', '9223372033963249500'],
  ['`1d400` + 1', `1${'0'.repeat(37)}d363`],
  ['`1d999999999` > 1', 'true'],
  ['- (5)', '-5'],
  ['+ 1.50', '1.50'],
  // equality over types
  ['1 = 1.0 AND 1 = `1e0`', 'true'],
  ["`'a'` = 'a'", 'true'],
  ["1 = '1'", 'false'],
  ['[1, 2] = [1.0, 2]', 'true'],
  ['[1] = `(1)`', 'false'],
  ["{'a': 1, 'b': 2} = {'b': 2, 'a': 1}", 'true'],
  ["{'a': 1, 'a': 1} = {'a': 1}", 'false'],
  ['<<1, 2>> = <<2, 1>>', 'true'],
  ['`x::1` = 1', 'true'],
  ['`2017T` = `2017-01-01T00:00Z`', 'true'],
  ['1 <> 2', 'true'],
  ["1 != 'a'", 'true'],
  ["'\uffff' < '😁'", 'true'],
  ["1 < 'a'", 'null'],
  ['2 BETWEEN 1 AND 3', 'true'],
  ['2 NOT BETWEEN 1 AND 3', 'false'],
  ['5 BETWEEN NULL AND 3', 'false'],
  // unknown
  ['NULL = NULL', 'null'],
  ['MISSING = 1', 'null'],
  ['1 + MISSING', 'null'],
  ["'a' || NULL", 'null'],
  ['NULL AND FALSE', 'false'],
  ['NULL OR TRUE', 'true'],
  ['NULL AND TRUE', 'null'],
  ['NOT MISSING', 'null'],
  ['NULL IS NULL', 'true'],
  ['MISSING IS NULL', 'true'],
  ['`null.int` IS NULL', 'true'],
  ['NULL IS MISSING', 'false'],
  ['MISSING IS MISSING', 'true'],
  ['1 IS NOT NULL', 'true'],
  ["'a' IS STRING AND {} IS STRUCT AND [] IS LIST AND <<>> IS BAG", 'true'],
  ['{} IS STRING', 'false'],
  // IN
  ['1 IN (1, 2)', 'true'],
  ['3 IN [1, 2]', 'false'],
  ['3 IN (1, NULL)', 'null'],
  ['3 NOT IN <<1, 2>>', 'true'],
  ['1.0 IN (1)', 'true'],
  // LIKE
  ["'foobar' LIKE 'f%b_r'", 'true'],
  ["'foobar' LIKE 'f%x'", 'false'],
  ["'100%' LIKE '100\\%' ESCAPE '\\'", 'true'],
  ["'a😁b' LIKE 'a_b'", 'true'],
  ["'a' NOT LIKE 'b'", 'true'],
  ["'' LIKE '%'", 'true'],
  ["'a.b' LIKE 'a.b' AND NOT 'axb' LIKE 'a.b'", 'true'],
  // CASE
  ['CASE WHEN 1 = 2 THEN 3 WHEN TRUE THEN 4 END', '4'],
  ['CASE WHEN NULL THEN 1 END', 'null'],
  ["CASE 2 WHEN 1 THEN 'a' WHEN 2.0 THEN 'b' ELSE 'c' END", '"b"'],
  // paths
  ["{'a': {'b': [1, 2]}}.a.b[1]", '2'],
  ["{'a': 1}['a']", '1'],
  ["{'A': 1}.a IS MISSING", 'true'],
  ['[1][5] IS MISSING', 'true'],
  ['[1][-1] IS MISSING', 'true'],
  ['(1).a IS MISSING', 'true'],
  ["COALESCE([{'a': 1}, {'a': 2}, {}][*].a)", '[1,2]'],
  ["COALESCE({'a': 1, 'b': 2}.*)", '[1,2]'],
  // constructors
  ["{'a' || 'b': 1, 'c': MISSING}", '{ab:1}'],
  ['(1, 2)', '[1,2]'],
  ['VALUES (1, 2), (3)', '[[1,2],[3]]'],
])('%s', (expression, expected) => {
  it(`is ${expected}`, async () => {
    expect(await evaluate(expression)).toBe(expected);
  });
});

describe('typing', () => {
  const run = async (typing: 'qldb' | 'permissive', text: string) => {
    const found: unknown[] = [];
    for await (const batch of compile(text).execute({
      catalog: new MemoryCatalog(),
      parameters: [],
      transactionId: 't',
      now: NOW,
      typing,
    })) {
      found.push(...batch);
    }
    return found;
  };

  it('makes a wrong type an error, or MISSING where that is asked for', async () => {
    const text = "SELECT VALUE x + 1 FROM [1, 'a', 2] AS x";
    await expect(run('qldb', text)).rejects.toThrow(
      'Invalid argument types for +',
    );
    expect(await run('permissive', text)).toEqual([2, 3]);
    await expect(
      run('permissive', 'SELECT VALUE x / 0 FROM [1] AS x'),
    ).rejects.toThrow('/ by zero');
  });

  it('makes MISSING NULL, or keeps it', async () => {
    const text = 'SELECT x.a + 1 AS y FROM [{}] AS x';
    const [qldb] = await run('qldb', text);
    expect(String((qldb as { get(name: string): unknown }).get('y'))).toBe(
      'null',
    );
    const [permissive] = await run('permissive', text);
    expect((permissive as { size: number }).size).toBe(0);
  });
});

describe('hostile values', () => {
  it('match LIKE in little time', async () => {
    const text = 'a'.repeat(5000);
    expect(await evaluate('? LIKE ?', text, `${'%a'.repeat(50)}b`)).toBe(
      'false',
    );
  });

  it('compare and add numbers of any exponent', async () => {
    expect(
      await evaluate(
        '? = ?',
        parseIonText('1d2000000000'),
        parseIonText('1d-2000000000'),
      ),
    ).toBe('false');
    expect(
      await evaluate(
        '? + ? > 0',
        parseIonText('1d2000000000'),
        parseIonText('1d-2000000000'),
      ),
    ).toBe('true');
    await expect(
      evaluate(
        '? * ?',
        parseIonText('1d2000000000'),
        parseIonText('1d2000000000'),
      ),
    ).rejects.toThrow('exponent');
    await expect(
      evaluate('? % ?', parseIonText('1d2000000000'), parseIonText('3')),
    ).rejects.toThrow('too far apart');
  });

  it('run a statement as deep as the parser lets it be', async () => {
    expect(await evaluate(`${'('.repeat(200)}1${')'.repeat(200)}`)).toBe('1');
    expect(await evaluate(`1${' + 1'.repeat(400)}`)).toBe('401');
    expect(await evaluate(`TRUE${' AND TRUE'.repeat(10_000)}`)).toBe('true');
    const nested =
      'SELECT VALUE x FROM ('.repeat(60) + '<<1>>' + ') AS x'.repeat(60);
    expect(await texts(new MemoryCatalog(), nested)).toEqual(['1']);
  });

  it('are joined without being held', async () => {
    const many = Array.from({ length: 300 }, (_, index) => index);
    expect(
      await texts(
        new MemoryCatalog(),
        'SELECT COUNT(*) FROM ? AS a, ? AS b, ? AS c LIMIT 1',
        many,
        many,
        [1, 2],
      ),
    ).toEqual(['{_1:180000}']);
  });
});
