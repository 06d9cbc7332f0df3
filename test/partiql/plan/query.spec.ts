import { beforeEach, describe, expect, it } from 'vitest';
import { decodeIon } from '../../../lib/ion/decode.js';
import { encodeIon } from '../../../lib/ion/encode.js';
import { parseIonText } from '../../../lib/ion/text.js';
import { compile, type Row } from '../../../lib/partiql/index.js';
import {
  evaluate,
  MemoryCatalog,
  NOW,
  rows,
  texts,
} from '../memory-catalog.js';

let catalog: MemoryCatalog;

/** Rows and the calls that found them. */
async function run(text: string, ...parameters: Parameters<typeof texts>[2][]) {
  catalog.calls.length = 0;
  const found = await texts(catalog, text, ...parameters);
  return { rows: found, calls: [...catalog.calls] };
}

async function messageOf(text: string): Promise<string> {
  const error = await texts(catalog, text).catch((e: unknown) => e);
  return error instanceof Error
    ? (error.message.split('\n')[0] ?? '')
    : 'no error';
}

beforeEach(async () => {
  catalog = new MemoryCatalog();
  await texts(catalog, 'CREATE TABLE Vehicle');
  await texts(catalog, 'CREATE TABLE Person');
  await texts(catalog, 'CREATE INDEX ON Vehicle (VIN)');
  await texts(catalog, 'CREATE INDEX ON Person (GovId)');
  await texts(
    catalog,
    `INSERT INTO Vehicle << {'VIN': 'a', 'Make': 'Audi', 'Owner': 'g1', 'Tags': ['x', 'y']},
      {'VIN': 'b', 'Make': 'Tesla', 'Owner': 'g2', 'Tags': []},
      {'VIN': 'c', 'Make': 'Audi', 'Owner': 'g1'} >>`,
  );
  await texts(
    catalog,
    "INSERT INTO Person << {'GovId': 'g1', 'Name': 'Ann'}, {'GovId': 'g2', 'Name': 'Bob'} >>",
  );
});

describe('how a table is read', () => {
  it.each([
    [
      "SELECT VALUE VIN FROM Vehicle WHERE VIN = 'a'",
      ['"a"'],
      ['lookup Vehicle.VIN "a"'],
    ],
    [
      "SELECT VALUE v.VIN FROM Vehicle AS v WHERE 'b' = v.VIN AND v.Make = 'Tesla'",
      ['"b"'],
      ['lookup Vehicle.VIN "b"'],
    ],
    [
      "SELECT VALUE VIN FROM Vehicle WHERE VIN = 'a' AND Make = 'Tesla'",
      [],
      ['lookup Vehicle.VIN "a"'],
    ],
    [
      "SELECT VALUE VIN FROM Vehicle WHERE VIN IN ('a', 'c')",
      ['"a"', '"c"'],
      ['lookup Vehicle.VIN "a","c"'],
    ],
    [
      "SELECT VALUE VIN FROM Vehicle WHERE VIN IN ['a', 'c']",
      ['"a"', '"c"'],
      ['scan Vehicle'],
    ],
    [
      "SELECT VALUE VIN FROM Vehicle WHERE VIN = 'a' OR VIN = 'b'",
      ['"a"', '"b"'],
      ['scan Vehicle'],
    ],
    [
      "SELECT VALUE VIN FROM Vehicle WHERE NOT VIN = 'a'",
      ['"b"', '"c"'],
      ['scan Vehicle'],
    ],
    [
      "SELECT VALUE VIN FROM Vehicle WHERE VIN > 'a'",
      ['"b"', '"c"'],
      ['scan Vehicle'],
    ],
    [
      "SELECT VALUE VIN FROM Vehicle WHERE Make = 'Audi'",
      ['"a"', '"c"'],
      ['scan Vehicle'],
    ],
    [
      "SELECT VALUE v.VIN FROM Vehicle AS v BY id WHERE id = 'd5'",
      ['"a"'],
      ['byId Vehicle d5'],
    ],
    [
      "SELECT VALUE v.VIN FROM Vehicle AS v BY id WHERE v.VIN = 'b' AND id IN ('d5', 'd6')",
      ['"b"'],
      ['byId Vehicle d5,d6'],
    ],
    ['SELECT VALUE VIN FROM Vehicle WHERE VIN = NULL', [], []],
    [
      "SELECT VALUE r.data.VIN FROM _ql_committed_Vehicle AS r WHERE r.data.VIN = 'a'",
      ['"a"'],
      ['lookup _ql_committed_Vehicle.data.VIN "a"'],
    ],
    [
      "SELECT VALUE data.VIN FROM _ql_committed_Vehicle WHERE data.VIN = 'a'",
      ['"a"'],
      ['lookup _ql_committed_Vehicle.data.VIN "a"'],
    ],
    [
      "SELECT VALUE h.metadata.version FROM history(Vehicle) AS h WHERE h.metadata.id = 'd5'",
      ['0'],
      [
        'history Vehicle undefined undefined',
        'lookup history(Vehicle).metadata.id "d5"',
      ],
    ],
  ])('%s', async (text, expected, calls) => {
    expect(await run(text)).toEqual({ rows: expected, calls });
  });

  it('takes parameters as keys', async () => {
    expect(
      await run('SELECT VALUE Make FROM Vehicle WHERE VIN = ?', 'b'),
    ).toEqual({
      rows: ['"Tesla"'],
      calls: ['lookup Vehicle.VIN "b"'],
    });
    const found = await run(
      'SELECT VALUE VIN FROM Vehicle WHERE VIN IN (?, ?)',
      'a',
      'b',
    );
    expect(found.calls).toEqual(['lookup Vehicle.VIN "a","b"']);
    const scanned = await run('SELECT VALUE VIN FROM Vehicle WHERE VIN IN ?', [
      'a',
      'b',
    ]);
    expect(scanned).toEqual({ rows: ['"a"', '"b"'], calls: ['scan Vehicle'] });
  });

  it('looks up the inner table of a join by the outer one', async () => {
    const { rows: found, calls } = await run(
      'SELECT v.VIN, p.Name FROM Vehicle AS v INNER JOIN Person AS p ON v.Owner = p.GovId',
    );
    expect(found).toEqual([
      '{VIN:"a",Name:"Ann"}',
      '{VIN:"b",Name:"Bob"}',
      '{VIN:"c",Name:"Ann"}',
    ]);
    expect(calls[0]).toBe('scan Vehicle');
    expect(calls.slice(1)).toEqual([
      'lookup Person.GovId "g1"',
      'lookup Person.GovId "g2"',
      'lookup Person.GovId "g1"',
    ]);
  });

  it('never uses a later source as a key', async () => {
    const { calls } = await run(
      'SELECT v.VIN FROM Person AS p, Vehicle AS v WHERE p.GovId = v.Owner',
    );
    expect(calls).toEqual(['scan Person', 'scan Vehicle']);
  });

  it('does not read the kept side of an outer join by its ON', async () => {
    const { rows: found } = await run(
      "SELECT v.VIN, p.Name FROM Vehicle AS v LEFT JOIN Person AS p ON v.Owner = p.GovId AND v.VIN = 'a' WHERE v.Make = 'Audi'",
    );
    expect(found).toEqual(['{VIN:"a",Name:"Ann"}', '{VIN:"c"}']);
  });

  it('reads rows that come later as well as rows that are there', async () => {
    const later = new MemoryCatalog({ async: true, batch: 1 });
    await texts(later, 'CREATE TABLE T');
    await texts(later, "INSERT INTO T << {'a': 1}, {'a': 2}, {'a': 3} >>");
    expect(
      await texts(
        later,
        'SELECT x.a, y.a AS b FROM T AS x, T AS y WHERE x.a < y.a',
      ),
    ).toEqual(['{a:1,b:2}', '{a:1,b:3}', '{a:2,b:3}']);
    expect(await texts(later, 'SELECT COUNT(*) FROM T')).toEqual(['{_1:3}']);
  });

  it('stops reading when the rows are not taken', async () => {
    const big = new MemoryCatalog({ batch: 1 });
    await texts(big, 'CREATE TABLE T');
    await texts(big, "INSERT INTO T << {'a': 1}, {'a': 2}, {'a': 3} >>");
    const plain = big.relation(['T']);
    if (plain === undefined) throw new Error('no table');
    let read = 0;
    const counted = {
      ...plain,
      *scan() {
        for (const batch of plain.scan() as Iterable<readonly Row[]>) {
          read += 1;
          yield batch;
        }
      },
    };
    const counting = new MemoryCatalog();
    counting.relation = () => counted;
    for await (const batch of compile('SELECT * FROM T').execute({
      catalog: counting,
      parameters: [],
      transactionId: 't',
      now: NOW,
    })) {
      expect(batch.length).toBe(1);
      break;
    }
    expect(read).toBe(1);
    expect(await texts(counting, 'SELECT a FROM T LIMIT 2')).toEqual([
      '{a:1}',
      '{a:2}',
    ]);
    expect(read).toBe(3);
  });
});

describe('SELECT', () => {
  it('passes a document through as it is, bytes and all', async () => {
    const bytes = encodeIon(parseIonText('{VIN: "z", x: [1, {y: \'q\'}]}'));
    await rows(catalog, 'INSERT INTO Vehicle ?', decodeIon(bytes));
    for (const text of [
      "SELECT * FROM Vehicle WHERE VIN IN ('z', VIN) AND EXISTS(SELECT * FROM Person) AND VIN = 'z'",
      "SELECT * FROM Vehicle WHERE VIN = 'z'",
      "SELECT VALUE v FROM Vehicle AS v WHERE VIN = 'z'",
    ]) {
      const [row] = await rows(catalog, text);
      expect(encodeIon(row ?? null)).toBe(bytes);
    }
  });

  it.each([
    [
      "SELECT v FROM Vehicle AS v WHERE VIN = 'b'",
      ['{v:{VIN:"b",Make:"Tesla",Owner:"g2",Tags:[]}}'],
    ],
    [
      "SELECT v.*, 1 AS one FROM Vehicle AS v WHERE VIN = 'b'",
      ['{VIN:"b",Make:"Tesla",Owner:"g2",Tags:[],one:1}'],
    ],
    [
      "SELECT VIN, Color, 1 + 1, v.Tags[0] FROM Vehicle AS v WHERE VIN = 'a'",
      ['{VIN:"a",_3:2,_4:"x"}'],
    ],
    [
      "SELECT * FROM Person AS p BY id WHERE p.Name = 'Ann'",
      ['{GovId:"g1",Name:"Ann",id:"d8"}'],
    ],
    [
      'SELECT t, i FROM Vehicle AS v, @v.Tags AS t AT i',
      ['{t:"x",i:0}', '{t:"y",i:1}'],
    ],
    ['SELECT VALUE t FROM Vehicle AS v, v.Tags AS t', ['"x"', '"y"']],
    [
      "SELECT p.Name, (SELECT VALUE t FROM @v.Tags AS t) AS ts FROM Vehicle AS v JOIN Person AS p ON v.Owner = p.GovId WHERE v.VIN = 'a'",
      ['{Name:"Ann",ts:["x","y"]}'],
    ],
    ['SELECT VALUE COUNT(*) FROM Vehicle', ['3']],
    ["SELECT COUNT(*) FROM Vehicle WHERE VIN = 'nothing'", ['{_1:0}']],
    [
      'SELECT COUNT(Tags) AS n, MIN(VIN) AS a, MAX(VIN) AS b FROM Vehicle',
      ['{n:2,a:"a",b:"c"}'],
    ],
    [
      "SELECT SUM(x.a) AS s, AVG(x.a) AS m FROM << {'a': 1}, {'a': 2}, {'a': NULL}, {} >> AS x",
      ['{s:3,m:1.5}'],
    ],
    ['SELECT SUM(a) FROM << >> AS x', ['{_1:null}']],
    ['SELECT VALUE x FROM [1, MISSING, NULL, 2] AS x', ['1', 'null', '2']],
    ['SELECT VALUE [x, MISSING] FROM <<1>> AS x', ['[1,null]']],
    ["SELECT VALUE {'a': MISSING, 'b': [<<1>>]} FROM <<1>>", ['{b:[[1]]}']],
  ])('%s', async (text, expected) => {
    expect((await run(text)).rows).toEqual(expected);
  });

  it('gives rows of a bag of values in batches', async () => {
    const many = Array.from({ length: 1000 }, (_, index) => index);
    let batches = 0;
    const found: unknown[] = [];
    for await (const batch of compile('SELECT VALUE x FROM ? AS x').execute({
      catalog,
      parameters: [many],
      transactionId: 't',
      now: NOW,
    })) {
      batches += 1;
      found.push(...batch);
    }
    expect(found).toEqual(many);
    expect(batches).toBeGreaterThan(1);
  });
});

describe('beyond QLDB', () => {
  it.each([
    [
      'SELECT VIN FROM Vehicle ORDER BY VIN DESC',
      ['{VIN:"c"}', '{VIN:"b"}', '{VIN:"a"}'],
    ],
    [
      'SELECT VALUE VIN FROM Vehicle ORDER BY Make DESC, VIN DESC LIMIT 2 OFFSET 1',
      ['"c"', '"a"'],
    ],
    ['SELECT VIN AS v FROM Vehicle ORDER BY v DESC LIMIT 1', ['{v:"c"}']],
    ['SELECT VALUE x FROM [2, NULL, 1] AS x ORDER BY x', ['1', '2', 'null']],
    [
      'SELECT VALUE x FROM [2, NULL, 1] AS x ORDER BY x NULLS FIRST',
      ['null', '1', '2'],
    ],
    ['SELECT VALUE VIN FROM Vehicle LIMIT 0', []],
    ['SELECT DISTINCT Make FROM Vehicle', ['{Make:"Audi"}', '{Make:"Tesla"}']],
    [
      'SELECT Make, COUNT(*) AS n FROM Vehicle GROUP BY Make HAVING COUNT(*) > 1',
      ['{Make:"Audi",n:2}'],
    ],
    [
      'SELECT v.Make, COUNT(*) AS n FROM Vehicle AS v GROUP BY v.Make ORDER BY n',
      ['{Make:"Tesla",n:1}', '{Make:"Audi",n:2}'],
    ],
    [
      'SELECT m, (SELECT VALUE x.v.VIN FROM g AS x) AS vins FROM Vehicle AS v GROUP BY v.Make AS m GROUP AS g',
      ['{m:"Audi",vins:["a","c"]}', '{m:"Tesla",vins:["b"]}'],
    ],
    [
      "SELECT p.Name, v.VIN FROM Vehicle AS v RIGHT JOIN Person AS p ON v.Owner = p.GovId AND v.VIN = 'a'",
      ['{Name:"Ann",VIN:"a"}', '{Name:"Bob"}'],
    ],
    [
      'SELECT x, y FROM <<1, 2>> AS x FULL JOIN <<2, 3>> AS y ON x = y',
      ['{x:1,y:null}', '{x:2,y:2}', '{x:null,y:3}'],
    ],
    ['SELECT VALUE y FROM <<1, 2>> AS x LET x * 10 AS y WHERE y > 10', ['20']],
    ["SELECT VALUE n FROM UNPIVOT {'a': 1, 'b': 2} AS v AT n", ['"a"', '"b"']],
    [
      "PIVOT v.VIN AT v.Owner FROM Vehicle AS v WHERE v.VIN <> 'c'",
      ['{g1:"a",g2:"b"}'],
    ],
    ['<<1, 2>> UNION <<2, 3>>', ['1', '2', '3']],
    ['<<1, 2, 2>> EXCEPT ALL <<2>>', ['1', '2']],
    [
      '(SELECT VALUE Make FROM Vehicle) INTERSECT (SELECT VALUE Make FROM Vehicle)',
      ['"Audi"', '"Tesla"'],
    ],
    [
      'SELECT VALUE p.Name FROM Person AS p WHERE (SELECT COUNT(*) FROM Vehicle AS v WHERE v.Owner = p.GovId) = 2',
      ['"Ann"'],
    ],
    [
      "SELECT VALUE p.Name FROM Person AS p WHERE p.GovId IN (SELECT v.Owner FROM Vehicle AS v WHERE v.Make = 'Tesla')",
      ['"Bob"'],
    ],
    [
      "SELECT VALUE p.Name FROM Person AS p WHERE EXISTS(SELECT * FROM Vehicle AS v WHERE v.Owner = p.GovId AND v.VIN = 'b')",
      ['"Bob"'],
    ],
    [
      'SELECT VALUE q.n FROM (SELECT v.Make AS m, COUNT(*) AS n FROM Vehicle AS v GROUP BY v.Make) AS q',
      ['2', '1'],
    ],
    ['1 + 1', ['2']],
  ])('%s', async (text, expected) => {
    expect((await run(text)).rows).toEqual(expected);
  });

  it('runs a query over tables once if no row matters to it', async () => {
    const { calls } = await run(
      'SELECT VALUE (SELECT COUNT(*) FROM Person) FROM Vehicle',
    );
    expect(calls).toEqual(['scan Vehicle', 'scan Person']);
  });
});

describe('a query of one row for each row of another', () => {
  it.each([
    [
      'an aggregate of no rows',
      'SELECT VALUE [v.VIN, q.n] FROM Vehicle AS v, (SELECT COUNT(*) AS n FROM Person AS p WHERE p.GovId = v.VIN) AS q',
      ['["a",0]', '["b",0]', '["c",0]'],
    ],
    [
      'an aggregate of no rows, with a variable of the other beside it',
      "SELECT VALUE (SELECT COUNT(*) AS n, v.VIN AS x FROM Person AS p WHERE p.GovId = v.VIN) FROM Vehicle AS v WHERE v.VIN = 'b'",
      ['[{n:0,x:"b"}]'],
    ],
    [
      'PIVOT',
      'SELECT VALUE v.VIN FROM Vehicle AS v, (PIVOT p.Name AT p.GovId FROM Person AS p) AS q',
      ['"a"', '"b"', '"c"'],
    ],
  ])('keeps the variables of the other: %s', async (_, text, expected) => {
    expect(await texts(catalog, text)).toEqual(expected);
  });
});

describe('names', () => {
  it.each([
    [
      'SELECT * FROM Vehicel',
      "Semantic Error: at line 1, column 15: No such variable named 'Vehicel'; No such variable named 'Vehicel'",
    ],
    [
      'DELETE FROM NonExistentTable',
      "Semantic Error: at line 1, column 13: No such variable named 'NonExistentTable'; No such variable named 'NonExistentTable'",
    ],
    ['INSERT INTO Nope ?', 'Query expects 1 parameter(s), but statement has 0'],
    [
      'INSERT INTO Nope <<>>',
      "Semantic Error: at line 1, column 13: No such variable named 'Nope'; No such variable named 'Nope'",
    ],
    [
      'SELECT x FROM Vehicle AS v, Person AS p',
      "Semantic Error: at line 1, column 8: No such variable named 'x'; No such variable named 'x'",
    ],
    [
      'SELECT Person FROM Vehicle AS v, @v.Tags AS t',
      "Semantic Error: at line 1, column 8: Global variable access is illegal in this context, variable name: 'Person'; Global variable access is illegal in this context, variable name: 'Person'",
    ],
    [
      'SELECT * FROM Vehicle AS v, Person AS V',
      "Semantic Error: at line 1, column 39: A variable named 'V' was already defined in this scope; A variable named 'V' was already defined in this scope",
    ],
    [
      'SELECT f(1) FROM Vehicle',
      'Semantic Error: at line 1, column 8: No such function: f; No such function: f',
    ],
    [
      'SELECT LOWER() FROM Vehicle',
      'Semantic Error: at line 1, column 8: Incorrect number of arguments supplied to `lower`. Min = 1, max = 1 Actual = 0; Incorrect number of arguments supplied to `lower`. Min = 1, max = 1 Actual = 0',
    ],
    [
      'SELECT * FROM Vehicle HAVING 1 = 1',
      'Semantic Error: at line 1, column 32: HAVING cannot be used without GROUP BY or GROUP ALL; HAVING cannot be used without GROUP BY or GROUP ALL',
    ],
    [
      'SELECT VIN FROM Vehicle WHERE COUNT(*) = 1',
      'Semantic Error: at line 1, column 31: COUNT is an aggregate: it can stand in SELECT, HAVING and ORDER BY only; COUNT is an aggregate: it can stand in SELECT, HAVING and ORDER BY only',
    ],
    [
      'SELECT VIN, COUNT(*) FROM Vehicle',
      "Semantic Error: at line 1, column 8: No such variable named 'VIN'; No such variable named 'VIN'",
    ],
    [
      'SELECT * FROM history(Nope)',
      "Semantic Error: at line 1, column 23: No such variable named 'Nope'; No such variable named 'Nope'",
    ],
    ['Person', 'Unsupported PartiQL Statement, Errors at:'],
  ])('%s', async (text, message) => {
    expect(await messageOf(text)).toBe(message);
  });

  it('sends the code 432 with a semantic error', async () => {
    await expect(texts(catalog, 'SELECT * FROM Nope')).rejects.toMatchObject({
      code: 'PARTIQL_SEMANTIC',
      qldbCode: '432',
      line: 1,
      column: 15,
    });
  });

  it('knows tables before variables in FROM, and variables first elsewhere', async () => {
    await texts(
      catalog,
      "INSERT INTO Vehicle VALUE {'VIN': 'd', 'Person': ['p']}",
    );
    const all = await run(
      "SELECT COUNT(*) FROM Vehicle AS v, Person AS q WHERE v.VIN = 'd'",
    );
    expect(all.rows).toEqual(['{_1:2}']);
    const field = await run(
      "SELECT Person FROM Vehicle AS v WHERE v.VIN = 'd'",
    );
    expect(field.rows).toEqual(['{Person:["p"]}']);
    const lexical = await run(
      "SELECT x FROM Vehicle AS Person, @Person.Tags AS x WHERE Person.VIN = 'a'",
    );
    expect(lexical.rows).toEqual(['{x:"x"}', '{x:"y"}']);
  });

  it('is case sensitive', async () => {
    expect(
      (await run("SELECT vin, VIN FROM Vehicle AS v WHERE v.VIN = 'a'")).rows,
    ).toEqual(['{VIN:"a"}']);
    expect(await messageOf('SELECT * FROM vehicle')).toContain(
      "No such variable named 'vehicle'",
    );
  });

  it('wants as many parameters as there are marks', async () => {
    const text = 'SELECT * FROM Vehicle WHERE VIN = ? AND Make = ?';
    await expect(texts(catalog, text, 'a')).rejects.toMatchObject({
      code: 'PARTIQL_PARAMETERS',
      message: 'Query expects 2 parameter(s), but statement has 1',
    });
    await expect(texts(catalog, text, 'a', 'b', 'c')).rejects.toThrow(
      'Query expects 2 parameter(s), but statement has 3',
    );
  });
});

describe('history', () => {
  it('hands over the interval', async () => {
    const { calls } = await run(
      'SELECT * FROM history(Vehicle, `2019-06-05T`, `2019-06-05T23:59:59Z`) AS h',
    );
    expect(calls[0]).toBe('history Vehicle 2019-06-05T 2019-06-05T23:59:59Z');
    const byId = await run(
      "SELECT * FROM history('t1', ?)",
      parseIonText('2020T'),
    );
    expect(byId.calls[0]).toBe('history t1 2020T undefined');
  });

  it('refuses bounds that are no timestamps', async () => {
    expect(await messageOf("SELECT * FROM history(Vehicle, 'x')")).toBe(
      'Evaluator Error: at line 1, column 32: history() takes timestamps as the bounds of its interval',
    );
  });
});

describe('plans', () => {
  it('follow the catalog: a new index is used at once, a dropped table is gone', async () => {
    const text = "SELECT VALUE VIN FROM Vehicle WHERE Make = 'Tesla'";
    expect((await run(text)).calls).toEqual(['scan Vehicle']);
    await texts(catalog, 'CREATE INDEX ON Vehicle (Make)');
    expect((await run(text)).calls).toEqual(['lookup Vehicle.Make "Tesla"']);
    await texts(catalog, 'DROP TABLE Vehicle');
    await expect(texts(catalog, text)).rejects.toThrow(
      "No such variable named 'Vehicle'",
    );
  });

  it('keep the parsed text', () => {
    expect(compile('SELECT * FROM a')).toBe(compile('SELECT * FROM a'));
    expect(compile('SELECT * FROM a').kind).toBe('query');
    expect(compile('DELETE FROM a').kind).toBe('dml');
    expect(compile('DROP TABLE a').kind).toBe('ddl');
    expect(compile("EXEC redact_revision ?, 'a', 'b'").kind).toBe('exec');
  });

  it('forget the texts used longest ago', () => {
    const first = compile('SELECT 1 FROM a');
    const padding = ' '.repeat(5_000);
    for (let index = 0; index < 100; index += 1)
      compile(`SELECT ${index} FROM b${padding}`);
    expect(compile('SELECT 1 FROM a')).not.toBe(first);
  });
});

describe('the time and the transaction', () => {
  it('are those of the statement', async () => {
    expect(await evaluate('TXID()')).toBe('"L7S9iJqcn9W2M4qOEn27ay"');
    expect(await evaluate('UTCNOW()')).toBe('2024-02-29T12:30:05.123Z');
    expect(await evaluate('UTCNOW() = UTCNOW()')).toBe('true');
  });
});
