import { readFileSync } from 'node:fs';
import { setImmediate as immediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { Decimal, IonSymbol, Timestamp } from '../../lib/ion/value.js';
import { IonConversionError } from '../../lib/ion/errors.js';
import {
  evaluate,
  parse,
  PartiqlError,
  print,
  type EvaluateOptions,
} from '../../lib/partiql.js';

const people = [
  { name: 'Ada', age: 36, pets: ['Rex', 'Tom'] },
  { name: 'Bob', age: 17, pets: [] },
  { name: 'Cleo', age: 36.5, home: { city: 'Rome' } },
];

async function errorOf(
  statement: Parameters<typeof evaluate>[0],
  options?: EvaluateOptions,
): Promise<unknown> {
  try {
    await evaluate(statement, options);
  } catch (error) {
    return error;
  }
  throw new Error('it gives a value');
}

describe('evaluate', () => {
  it('queries plain objects', async () => {
    const rows = await evaluate(
      'SELECT p.name, p.home.city FROM people AS p WHERE p.age > ? ORDER BY p.age DESC',
      { globals: { people }, parameters: [17] },
    );
    expect(rows).toEqual([{ name: 'Cleo', city: 'Rome' }, { name: 'Ada' }]);
  });

  it.each<[string, unknown]>([
    ['1 + 1', 2],
    ["'a' || 'b'", 'ab'],
    ['SELECT VALUE p.age FROM people AS p', [36, 17, 36.5]],
    ['SELECT VALUE p FROM people AS p WHERE p.age < 20', [people[1]]],
    ['people', people],
    ['people[0].pets[1]', 'Tom'],
    ['SIZE(people)', 3],
    ["'Rex' IN people[0].pets", true],
    ['SELECT VALUE i FROM people AS p AT i', [0, 1, 2]],
    [
      'SELECT p.name, pet FROM people AS p, p.pets AS pet',
      [
        { name: 'Ada', pet: 'Rex' },
        { name: 'Ada', pet: 'Tom' },
        { name: 'Cleo' },
      ],
    ],
    ['SELECT COUNT(*) AS n FROM people', [{ n: 3 }]],
    [
      'PIVOT p.age AT p.name FROM people AS p',
      { Ada: 36, Bob: 17, Cleo: 36.5 },
    ],
    ['(SELECT VALUE 1 FROM people) UNION (SELECT VALUE 2 FROM people)', [1, 2]],
    ['<<1, MISSING, 2>>', [1, 2]],
    ['[1, MISSING, 2]', [1, null, 2]],
    ["{'a': MISSING, 'b': NULL}", { b: null }],
    ['NULL', null],
    ['MISSING', undefined],
    ['people[0].nothing', undefined],
    ['UTCNOW()', new Date('2024-02-29T12:00:00Z')],
  ])('gives what %s means', async (statement, value) => {
    const now = new Date('2024-02-29T12:00:00Z');
    expect(await evaluate(statement, { globals: { people }, now })).toEqual(
      value,
    );
  });

  it('reads what toIonBinary takes, and gives what fromIonBinary does', async () => {
    const day = new Date('2024-02-29T00:00:00Z');
    const values = {
      int: 1,
      big: 2n ** 70n,
      float: 0.5,
      zero: -0,
      text: 'ä',
      no: null,
      day,
      bytes: new Uint8Array([1, 2]),
      decimal: new Decimal('1.50'),
      symbol: new IonSymbol('s'),
      map: new Map([['a', 1]]),
      nested: { list: [{ deep: true }] },
      left: undefined,
      ['__proto__']: 1,
    };
    const result = await evaluate<Record<string, unknown>>('v', {
      globals: { v: values },
    });
    expect(result).toEqual({
      ...values,
      symbol: 's',
      map: { a: 1 },
      left: undefined,
      ['__proto__']: 1,
    });
    expect(Object.keys(result)).not.toContain('left');
    expect(Object.is(result['zero'], -0)).toBe(true);
    expect(result['nested']).not.toBe(values.nested);
  });

  it('gives Ion values if asked to', async () => {
    const options = { globals: { people }, values: 'ion' } as const;
    expect(await evaluate('`sym`', options)).toEqual(new IonSymbol('sym'));
    const [row] = await evaluate<{ get(name: string): unknown }[]>(
      'SELECT p.name, p.pets FROM people AS p',
      options,
    );
    expect(row?.get('pets')).toEqual(['Rex', 'Tom']);
    expect(await evaluate('`2024-02-29T`', options)).toBeInstanceOf(Timestamp);
  });

  it('reads no more of the data than it is asked for', async () => {
    let reads = 0;
    const rows = Array.from({ length: 100_000 }, (_, id) => ({
      get id() {
        reads += 1;
        return id;
      },
      get other(): never {
        throw new Error('nobody asked for it');
      },
    }));
    expect(
      await evaluate('SELECT VALUE r.id FROM data.rows AS r LIMIT 3', {
        globals: { data: { rows } },
      }),
    ).toEqual([0, 1, 2]);
    expect(reads).toBeLessThan(1000);
  });

  it('takes a tree in the place of a text, also one that was made', async () => {
    const tree = parse('SELECT VALUE p.name FROM people AS p LIMIT 1');
    expect(await evaluate(tree, { globals: { people } })).toEqual(['Ada']);
    if (tree.kind !== 'SelectStatement') throw new Error('no query');
    const made = { ...tree };
    expect(print(made)).toBe(print(tree));
    expect(await evaluate(made, { globals: { people } })).toEqual(['Ada']);
    expect(await errorOf(made)).toMatchObject({
      code: 'PARTIQL_SEMANTIC',
      excerpt: `1 | ${print(tree)}\n  |                          ^`,
    });
  });

  it('is permissive, unless it is told otherwise', async () => {
    expect(await evaluate("1 + 'a'")).toBeUndefined();
    expect(await evaluate('MISSING + 1')).toBeUndefined();
    expect(await evaluate('MISSING + 1', { typing: 'strict' })).toBeUndefined();
    expect(await evaluate('MISSING + 1', { typing: 'qldb' })).toBeNull();
    for (const typing of ['strict', 'qldb'] as const) {
      expect(await errorOf("1 + 'a'", { typing })).toMatchObject({
        code: 'PARTIQL_EVALUATION',
      });
    }
  });

  it('differs by its typing as docs/partiql.md says', async () => {
    const rows = [
      ...readFileSync('docs/partiql.md', 'utf8').matchAll(
        /^\| `([^`]+)` +\| (\S.*?) +\| (\S.*?) +\| (`[A-Z]+`|an error) +\|$/gm,
      ),
    ];
    expect(rows.length).toBeGreaterThan(10);
    const typings = ['qldb', 'strict', 'permissive'] as const;
    for (const [, expression = '', ...results] of rows) {
      for (const [index, typing] of typings.entries()) {
        const result = await evaluate(expression, { typing }).then(
          (value) =>
            value === undefined
              ? '`MISSING`'
              : `\`${JSON.stringify(value).replaceAll('"', '').toUpperCase()}\``,
          () => 'an error',
        );
        expect(result, `${expression}, ${typing}`).toBe(results[index]);
      }
    }
  });

  it.each([
    ['INSERT INTO t VALUE 1', 'documents are changed in a ledger'],
    ['DELETE FROM t', 'documents are changed in a ledger'],
    ['CREATE TABLE t', 'tables and indexes belong to a ledger'],
    ['DROP INDEX "i" ON t WITH (purge = true)', 'tables and indexes belong'],
    ['EXEC p', 'procedures belong to a ledger'],
  ])('refuses %s, and says why', async (statement, why) => {
    const error = (await errorOf(statement)) as PartiqlError;
    expect(error).toBeInstanceOf(PartiqlError);
    expect(error.code).toBe('PARTIQL_UNSUPPORTED');
    expect(error.message).toContain(`evaluate() takes queries only: ${why}`);
  });

  it('says where a statement is wrong', async () => {
    expect(await errorOf('SELECT *\nFROM nobody')).toMatchObject({
      code: 'PARTIQL_SEMANTIC',
      line: 2,
      column: 6,
      excerpt: '2 | FROM nobody\n  |      ^',
    });
    expect(await errorOf('SELECT ? FROM [1]')).toMatchObject({
      code: 'PARTIQL_PARAMETERS',
      message: 'Query expects 1 parameter(s), but statement has 0',
    });
  });

  it.each<[string, unknown, string]>([
    ['v[1].f.g', [0, { f: { g: () => 1 } }], 'v[1].f.g'],
    ['SELECT VALUE x.a FROM v AS x', [{ a: Symbol('s') }], 'v[0].a'],
    ['v', { list: [1, undefined] }, 'v.list[1]'],
    ['v', { set: new Set() }, 'v.set'],
    ['v', { text: '\uD800' }, 'v.text'],
    ['v', { map: new Map([['a', { b: new Date(NaN) }]]) }, 'v.map.a.b'],
  ])('names the place of what has no Ion form: %s', async (text, v, path) => {
    const error = (await errorOf(text, {
      globals: { v },
    })) as IonConversionError;
    expect(error).toBeInstanceOf(IonConversionError);
    expect(error.path).toBe(path);
    expect(error.message).toContain(`Cannot convert the value at ${path} to`);
  });

  it('refuses an object that contains itself', async () => {
    const v: Record<string, unknown> = {};
    v['self'] = v;
    expect(await errorOf('v', { globals: { v } })).toBeInstanceOf(
      IonConversionError,
    );
    expect(await errorOf('? = ?', { parameters: [v, v] })).toBeInstanceOf(
      IonConversionError,
    );
    expect(await evaluate('v.self.self IS STRUCT', { globals: { v } })).toBe(
      true,
    );
  });

  it('lets others run', async () => {
    const numbers = Array.from({ length: 200_000 }, (_, n) => ({ n }));
    for (const statement of [
      'SELECT SUM(x.n) AS total FROM numbers AS x',
      'SELECT * FROM numbers AS x',
      'SELECT (SELECT COUNT(*) FROM numbers AS x WHERE x.n > y) AS c FROM [1, 2] AS y',
      'numbers',
    ]) {
      let turns = 0;
      let done = false;
      const others = (async () => {
        while (!done) {
          await immediate();
          turns += 1;
        }
      })();
      await evaluate(statement, { globals: { numbers } });
      done = true;
      await others;
      expect(turns, statement).toBeGreaterThan(2);
    }
  });

  it('ends when its signal says so', async () => {
    const numbers = Array.from({ length: 1000 }, (_, n) => n);
    const statement =
      'SELECT COUNT(*) FROM numbers AS a, numbers AS b, numbers AS c';
    const reason = new Error('enough');
    const controller = new AbortController();
    setImmediate(() => controller.abort(reason));
    const { signal } = controller;
    expect(await errorOf(statement, { globals: { numbers }, signal })).toBe(
      reason,
    );
    expect(await errorOf('1', { signal })).toBe(reason);
  });
});
