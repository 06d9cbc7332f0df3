import { beforeEach, describe, expect, it } from 'vitest';
import { parseIonText } from '../../../lib/ion/text.js';
import { MemoryCatalog, texts } from '../memory-catalog.js';

let catalog: MemoryCatalog;

const run = (text: string, ...parameters: Parameters<typeof texts>[2][]) =>
  texts(catalog, text, ...parameters);

const documents = () => run('SELECT * FROM T');

async function messageOf(text: string): Promise<string> {
  const error = await run(text).catch((e: unknown) => e);
  return error instanceof Error
    ? (error.message.split('\n')[0] ?? '')
    : 'no error';
}

beforeEach(async () => {
  catalog = new MemoryCatalog();
  await run('CREATE TABLE T');
});

describe('INSERT', () => {
  it.each([
    ["INSERT INTO T VALUE {'a': 1}", ['{a:1}']],
    ["INSERT INTO T {'a': 1}", ['{a:1}']],
    ["INSERT INTO T << {'a': 1}, {'a': 2} >>", ['{a:1}', '{a:2}']],
    ["INSERT INTO T [ {'a': 1}, {'a': 2} ]", ['{a:1}', '{a:2}']],
    ['INSERT INTO T `{a: x::1, b: null.int}`', ['{a:x::1,b:null.int}']],
    [
      "INSERT INTO T VALUE {'a': MISSING, 'b': [<<MISSING, 1>>, MISSING], 'at': UTCNOW()}",
      ['{b:[[1],null],at:2024-02-29T12:30:05.123Z}'],
    ],
  ])('%s', async (text, expected) => {
    const rows = await run(text);
    expect(rows).toHaveLength(expected.length);
    expect(rows[0]).toMatch(/^\{documentId:"d\d+"\}$/);
    expect(await documents()).toEqual(expected);
  });

  it('takes parameters: a struct is a document, a list has one in each element', async () => {
    await run('INSERT INTO T ?', parseIonText('{a: 1}'));
    await run('INSERT INTO T VALUE ?', parseIonText('{a: 2}'));
    await run(
      'INSERT INTO T <<?, ?>>',
      parseIonText('{a: 3}'),
      parseIonText('{a: 4}'),
    );
    await run('INSERT INTO T ?', [
      parseIonText('{a: 5}'),
      parseIonText('{a: 6}'),
    ]);
    expect(await documents()).toEqual(
      [1, 2, 3, 4, 5, 6].map((a) => `{a:${a}}`),
    );
  });

  it('copies from a query, even of the same table', async () => {
    await run("INSERT INTO T << {'a': 1}, {'a': 2} >>");
    await run('INSERT INTO T (SELECT t.a + 10 AS a FROM T AS t)');
    expect(await documents()).toEqual(['{a:1}', '{a:2}', '{a:11}', '{a:12}']);
  });

  it('writes nothing if one document is no struct', async () => {
    expect(await messageOf("INSERT INTO T << {'a': 1}, 2 >>")).toBe(
      'Evaluator Error: at line 1, column 15: a document must be a struct, and this value is INT',
    );
    expect(await messageOf('INSERT INTO T VALUE MISSING')).toContain(
      'MISSING cannot be stored',
    );
    expect(await messageOf("INSERT INTO T VALUE [{'a': 1}]")).toContain(
      'this value is LIST',
    );
    expect(await documents()).toEqual([]);
  });

  it('changes no view', async () => {
    expect(await messageOf("INSERT INTO _ql_committed_T {'a': 1}")).toContain(
      'cannot be changed',
    );
    expect(
      await messageOf('UPDATE information_schema.user_tables SET a = 1'),
    ).toContain('cannot be changed');
    expect(await messageOf('DELETE FROM history(T)')).toContain(
      'expected the name of a table',
    );
  });
});

describe('UPDATE and FROM', () => {
  beforeEach(async () => {
    await run(
      "INSERT INTO T << {'k': 1, 'v': 'x', 'list': [{'id': 'p', 'n': 1}, {'id': 'q', 'n': 2}, {'id': 'p', 'n': 3}], 's': {'a': {'b': 1}}}, {'k': 2, 'v': 'y'} >>",
    );
  });

  const first = async () => (await run('SELECT * FROM T WHERE k = 1'))[0];

  it.each([
    ["UPDATE T SET v = 'z' WHERE k = 2", '{k:2,v:"z"}'],
    [
      "UPDATE T AS t SET t.v = t.k + 1, t.w = 'new' WHERE t.k = 2",
      '{k:2,v:3,w:"new"}',
    ],
    ['UPDATE T SET T.v = 1 WHERE T.k = 2', '{k:2,v:1}'],
    ["FROM T AS t WHERE t.k = 2 SET t.v = 'z'", '{k:2,v:"z"}'],
    [
      "UPDATE T AS t SET t = {'k': 2, 'only': true} WHERE t.k = 2",
      '{k:2,only:true}',
    ],
    [
      "FROM T AS t WHERE t.k = 2 INSERT INTO t VALUE 26500 AT 'Mileage'",
      '{k:2,v:"y",Mileage:26500}',
    ],
    [
      "UPDATE T AS t INSERT INTO t VALUE 1 AT 'n' WHERE t.k = 2",
      '{k:2,v:"y",n:1}',
    ],
    ['UPDATE T AS t REMOVE t.v WHERE t.k = 2', '{k:2}'],
    ['UPDATE T AS t SET t.v = NULL WHERE t.k = 2', '{k:2,v:null}'],
    [
      'UPDATE T AS t SET t."v" = 1, t[\'w\'] = 2 WHERE t.k = 2',
      '{k:2,v:1,w:2}',
    ],
  ])('%s', async (text, expected) => {
    expect(await run(text)).toEqual(['{documentId:"d3"}']);
    expect(await run('SELECT * FROM T WHERE k = 2')).toEqual([expected]);
  });

  it('reads the new value from the old document', async () => {
    await run('UPDATE T SET k = v, v = k WHERE k = 2');
    expect((await documents())[1]).toBe('{k:"y",v:2}');
  });

  it.each([
    [
      "FROM T AS t, @t.list AS e WHERE t.k = 1 AND e.id = 'q' SET e.n = 9",
      [1, 9, 3],
    ],
    [
      "FROM T AS t, t.list AS e WHERE t.k = 1 AND e.id = 'p' SET e.n = e.n * 10",
      [10, 2, 30],
    ],
    ["FROM T AS t, @t.list AS e WHERE t.k = 1 AND e.id = 'p' REMOVE e", [2]],
    [
      "FROM T AS t WHERE t.k = 1 INSERT INTO t.list VALUE {'n': 4}",
      [1, 2, 3, 4],
    ],
    [
      "FROM T AS t WHERE t.k = 1 INSERT INTO t.list VALUE {'n': 0} AT 0",
      [0, 1, 2, 3],
    ],
    ['UPDATE T AS t REMOVE t.list[1] WHERE t.k = 1', [1, 3]],
    ['UPDATE T AS t SET t.list[2].n = 7 WHERE t.k = 1', [1, 2, 7]],
  ])('%s', async (text, numbers) => {
    expect(await run(text)).toEqual(['{documentId:"d2"}']);
    expect(
      await run('SELECT VALUE e.n FROM T AS t, @t.list AS e WHERE t.k = 1'),
    ).toEqual(numbers.map(String));
  });

  it('changes what is deep inside, and keeps the order of the rest', async () => {
    await run('UPDATE T AS t SET t.s.a.b = 2, t.s.c = 3 WHERE t.k = 1');
    expect(await first()).toMatch(
      /^\{k:1,v:"x",list:\[.*\],s:\{a:\{b:2\},c:3\}\}$/,
    );
  });

  it('gives one row a document, and none where nothing matches', async () => {
    expect(await run("UPDATE T SET v = 'all'")).toHaveLength(2);
    expect(await run("UPDATE T SET v = 'none' WHERE k = 3")).toEqual([]);
    expect(await run('FROM T AS t, @t.list AS e SET e.n = 0')).toHaveLength(1);
  });

  it('reads all rows before it writes one', async () => {
    await run('UPDATE T AS t SET t.k = t.k + 1');
    expect(await run('SELECT VALUE k FROM T')).toEqual(['2', '3']);
  });

  it('finds the documents by id', async () => {
    catalog.calls.length = 0;
    await run('UPDATE T AS t BY id SET t.v = ? WHERE id = ?', 'by id', 'd3');
    expect(catalog.calls).toEqual(['byId T d3']);
    expect((await documents())[1]).toBe('{k:2,v:"by id"}');
  });

  it.each([
    [
      'UPDATE T AS t SET t.a.b.c = 1 WHERE t.k = 2',
      'Evaluator Error: at line 1, column 19: Document path cannot be resolved: the remaining path was not found: DocumentPath(path=[Field(name=a), Field(name=b), Field(name=c)])',
    ],
    [
      'UPDATE T AS t SET t.list[7] = 1 WHERE t.k = 1',
      'Evaluator Error: at line 1, column 19: Document path cannot be resolved: the remaining path was not found: DocumentPath(path=[Index(index=7)])',
    ],
    [
      'UPDATE T AS t REMOVE t.nope WHERE t.k = 2',
      'Evaluator Error: at line 1, column 15: Document path cannot be resolved: the remaining path was not found: DocumentPath(path=[Field(name=nope)])',
    ],
    [
      'FROM T AS t WHERE t.k = 1 INSERT INTO t.list VALUE 1 AT 9',
      'Evaluator Error: at line 1, column 27: Document path cannot be resolved: the remaining path was not found: DocumentPath(path=[Index(index=9)])',
    ],
    [
      'FROM T AS t WHERE t.k = 1 INSERT INTO t.list VALUE 1 AT t.k + 90',
      'Evaluator Error: at line 1, column 27: Document path cannot be resolved: there is no place of the name or position after AT',
    ],
    [
      'FROM T AS t WHERE t.k = 1 INSERT INTO t VALUE 1',
      "Evaluator Error: at line 1, column 27: INSERT INTO a struct needs the name of the new field: VALUE … AT 'name'",
    ],
    [
      'UPDATE T AS t SET t = 1 WHERE t.k = 2',
      'Evaluator Error: at line 1, column 1: a document must be a struct, and this value is INT',
    ],
    [
      'UPDATE T AS t SET t.v = t.nope WHERE t.k = 2',
      'Evaluator Error: at line 1, column 25: a value that is MISSING cannot be stored; use NULL, or REMOVE the field',
    ],
    [
      'FROM T AS t, T AS u SET u.a = 1',
      'Semantic Error: at line 1, column 14: a statement changes the documents of one table; the other sources must be values inside them; a statement changes the documents of one table; the other sources must be values inside them',
    ],
    [
      'FROM T AS t, @t.list AS e SET x.a = 1',
      "Semantic Error: at line 1, column 31: No such variable named 'x'; No such variable named 'x'",
    ],
    [
      'FROM T AS t, (SELECT * FROM @t.list AS q) AS e SET e.a = 1',
      "Semantic Error: at line 1, column 52: 'e' is no place in the document: its source must be a simple path into the table; 'e' is no place in the document: its source must be a simple path into the table",
    ],
  ])('refuses %s, and writes nothing', async (text, message) => {
    const before = await documents();
    expect(await messageOf(text)).toBe(message);
    expect(await documents()).toEqual(before);
  });

  it('deletes', async () => {
    expect(await run('DELETE FROM T BY id WHERE id = ?', 'd2')).toEqual([
      '{documentId:"d2"}',
    ]);
    expect(await run('SELECT VALUE k FROM T')).toEqual(['2']);
    expect(await run('FROM T AS t WHERE t.k = 2 REMOVE t')).toEqual([
      '{documentId:"d3"}',
    ]);
    expect(await run('DELETE FROM T')).toEqual([]);
    expect(
      await run(
        "SELECT h.metadata.version, h.data IS MISSING AS gone FROM history(T) AS h WHERE h.metadata.id = 'd2'",
      ),
    ).toEqual(['{version:0,gone:false}', '{version:1,gone:true}']);
  });
});

describe('definitions', () => {
  it('give the id of the table', async () => {
    expect(await run('CREATE INDEX ON T (k)')).toEqual(['{tableId:"t1"}']);
    expect(
      await run(
        "SELECT VALUE indexes[0] FROM information_schema.user_tables WHERE status='ACTIVE' AND name='T'",
      ),
    ).toEqual(['{indexId:"i2",expr:"[k]",status:"ONLINE"}']);
    expect(await run('DROP INDEX "i2" ON T WITH (purge = true)')).toEqual([
      '{tableId:"t1"}',
    ]);
    expect(await run('DROP TABLE T')).toEqual(['{tableId:"t1"}']);
    expect(await messageOf('DROP TABLE T')).toContain(
      "No such variable named 'T'",
    );
    expect(await run('UNDROP TABLE "t1"')).toEqual(['{tableId:"t1"}']);
    expect(
      await run('CREATE TABLE "Order" WITH (aws_tags = `{a: "b"}`)'),
    ).toEqual(['{tableId:"t3"}']);
    expect(await messageOf('CREATE INDEX ON Nope (a)')).toContain(
      "No such variable named 'Nope'",
    );
  });

  it('redact', async () => {
    const [row] = await run(
      "EXEC redact_revision ?, 't1', ?",
      parseIonText('{strandId: "s", sequenceNo: 7}'),
      'd1',
    );
    expect(row).toBe(
      '{blockAddress:{strandId:"s",sequenceNo:7},tableId:"t1",documentId:"d1",version:0}',
    );
    expect(catalog.redactions).toEqual([[7, 't1', 'd1']]);
    expect(await messageOf("EXEC REDACT_REVISION 1, 't', 'd'")).toContain(
      'takes a block address',
    );
    expect(await messageOf('EXEC REDACT_REVISION 1')).toContain(
      'Incorrect number of arguments',
    );
    expect(await messageOf('EXEC nope 1')).toContain(
      'No such stored procedure: nope',
    );
  });
});
