import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { load } from 'ion-js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Ledger, openLedger } from '../../lib/ledger/index.js';
import { Random } from '../contract/random.js';
import { execute, RawSession } from '../contract/raw-session.js';

/** Values of every type of Ion, and those near to one another that could be taken for one. */
const VALUES = [
  'null null.bool null.int null.float null.decimal null.timestamp null.string null.symbol null.blob null.clob null.list null.sexp null.struct',
  'true false',
  '0 -0 1 -1 2 255 256 65536 2147483648 9007199254740991 9007199254740992 9007199254740993 -9007199254740993 18446744073709551616 18446744073709551617 1000000000000000000000000000000',
  '0e0 -0e0 1e0 -1e0 1.5e0 2e0 0.1e0 9007199254740992e0 1e22 1e30 1e308 5e-324 nan +inf -inf',
  '0. 0.0 -0. -0.0 0d5 1. 1.0 1.00 10d-1 1.5 1.50 0.1 -1. 2. 1d22 1d30 9007199254740993. 9007199254740993.0 0.30000000000000004 1d-400 1d400',
  '2020T 2020-01T 2020-01-01T 2020-01-01T00:00Z 2020-01-01T00:00:00Z 2020-01-01T00:00:00.0Z 2020-01-01T00:00:00.000Z 2020-01-01T00:00-00:00 2020-01-01T01:00+01:00 2020-01-01T00:00:00.000000001Z 2019-12-31T19:00-05:00',
  '"" "a" "A" "ä" "a\\u0308" "null" "1" "true" "\\u0000" "😀" "aa"',
  "a A null1 'null' '1' '' 'ä' '😀'",
  '{{}} {{YQ==}} {{YWE=}} {{""}} {{"a"}} {{"aa"}}',
  '[] [1] [1.] [1e0] [1, 2] [2, 1] [null] [[1]] ["a"] [a] () (1) (1 2)',
  '{} {a:1} {a:1.0} {a:1,b:2} {b:2,a:1} {a:2} {a:null} {A:1} {a:[1]}',
  'x::1 y::1 x::y::1 x::"a" x::null x::{a:1} x::[1]',
].flatMap((line) => {
  const list = load(`[${inList(line)}]`);
  return list?.elements() ?? [];
});

/** Values that stand beside one another, with commas between them. */
function inList(line: string): string {
  let depth = 0;
  let quote = '';
  return Array.from(line, (character, at) => {
    if (quote !== '') {
      if (character === quote && line[at - 1] !== '\\') quote = '';
    } else if (character === '"' || character === "'") quote = character;
    else if ('[({'.includes(character)) depth++;
    else if ('])}'.includes(character)) depth--;
    else if (character === ' ' && depth === 0) return ', ';
    return character;
  }).join('');
}

describe.each(['memory:', 'file:'])('a lookup in an index, %s', (kind) => {
  let folder: string;
  let ledger: Ledger;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'qldb-lookup-'));
    ledger = await openLedger({
      name: 'test',
      store: kind === 'file:' ? `file:${folder}` : kind,
    });
    for (const statement of [
      'CREATE TABLE Plain',
      'CREATE TABLE Before',
      'CREATE INDEX ON Before (f)',
      'CREATE TABLE After',
    ])
      await execute(ledger.sessions, statement);
    const session = await RawSession.start(ledger.sessions);
    for (const [n, f] of [...VALUES, undefined].entries()) {
      await session.begin();
      for (const table of ['Plain', 'Before', 'After'])
        await session.execute(
          `INSERT INTO ${table} ?`,
          f === undefined ? { n } : { n, f },
        );
      await session.commit();
    }
    await execute(ledger.sessions, 'CREATE INDEX ON After (f)');
    await session.end();
  });
  afterAll(async () => {
    await ledger.close();
    await rm(folder, { recursive: true, force: true });
  });

  const found = async (
    session: RawSession,
    where: string,
    ...parameters: unknown[]
  ) => {
    const answers = [];
    for (const table of ['Plain', 'Before', 'After'])
      answers.push(
        await session
          .execute<number>(
            `SELECT VALUE n FROM ${table} WHERE ${where}`,
            ...parameters,
          )
          .then((rows) => rows.sort((a, b) => a - b)),
      );
    return answers;
  };

  it('finds what a scan finds, for values of every type', async () => {
    expect(VALUES.length).toBeGreaterThan(120);
    const session = await RawSession.start(ledger.sessions);
    await session.begin();
    let matches = 0;
    for (const [n, value] of VALUES.entries()) {
      const [plain, before, after] = await found(session, 'f = ?', value);
      expect(before, `value ${n}`).toEqual(plain);
      expect(after, `value ${n}`).toEqual(plain);
      matches += plain.length;
    }
    // Some are equal to others of another type or precision, most to themselves.
    expect(matches).toBeGreaterThan(VALUES.length);
    await session.commit();
  });

  it('finds a document once, whatever names it how often', async () => {
    const random = new Random(7);
    const session = await RawSession.start(ledger.sessions);
    await session.begin();
    for (let round = 0; round < 200; round++) {
      const [a, b, c] = [VALUES, VALUES, VALUES].map((all) => random.of(all));
      for (const where of [
        'f IN (?, ?, ?)',
        'f = ? OR f = ? OR f = ?',
        'f IN (?, ?) AND f = ?',
      ]) {
        const [plain, before, after] = await found(session, where, a, b, c);
        expect(before, where).toEqual(plain);
        expect(after, where).toEqual(plain);
      }
      const [twice] = await found(session, 'f IN (?, ?)', a, a);
      expect(twice).toEqual((await found(session, 'f = ?', a))[1]);
    }
    await session.commit();
  });

  it('finds them where they were moved to, and not where they were', async () => {
    const random = new Random(8);
    for (let round = 0; round < 20; round++) {
      const session = await RawSession.start(ledger.sessions);
      await session.begin();
      const [from, to] = [random.of(VALUES), random.of(VALUES)];
      for (const table of ['Plain', 'Before', 'After'])
        await session.execute(
          `UPDATE ${table} SET f = ? WHERE f = ?`,
          to,
          from,
        );
      // Its own writes, and what is committed.
      for (const value of [from, to]) {
        const [plain, before, after] = await found(session, 'f = ?', value);
        expect(before).toEqual(plain);
        expect(after).toEqual(plain);
      }
      await session.commit();
      await session.begin();
      for (const value of [from, to]) {
        const [plain, before, after] = await found(session, 'f = ?', value);
        expect(before).toEqual(plain);
        expect(after).toEqual(plain);
      }
      await session.end();
    }
    await ledger.verify();
  });
});
