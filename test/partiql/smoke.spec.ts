import { it } from 'vitest';
import { MemoryCatalog, texts, evaluate } from './memory-catalog.js';
it('smoke', async () => {
  const c = new MemoryCatalog();
  const run = async (t: string, ...p: never[]) => {
    try { console.log(t, '=>', await texts(c, t, ...p), c.calls.splice(0).join(' | ')); }
    catch (e) { console.log(t, '=> ERR', (e as Error).message, (e as Error).stack?.split('\n').filter(l=>l.includes('lib/')).slice(0,3).join('\n')); }
  };
  await run('CREATE TABLE V WITH (aws_tags = `{a: "b"}`)');
  await run('CREATE INDEX ON V (VIN)');
  await run("INSERT INTO V << {'VIN': 'a', 'Year': 2011, 'Owners': {'P': 'x', 'S': [{'id': 'p'}, {'id': 'q'}]}}, {'VIN': 'b', 'Year': 2012.5} >>");
  await run("INSERT INTO V VALUE {'VIN': `c`, 'n': null, 'm': missing}");
  await run("SELECT * FROM V");
  await run("SELECT * FROM V WHERE VIN = 'a'");
  await run("SELECT v.VIN, v.Year + 1 FROM V AS v BY id WHERE id = 'd3'");
  await run("SELECT VALUE VIN FROM V WHERE VIN IN ('a', 'c')");
  await run("SELECT VALUE VIN FROM V WHERE VIN IN ['a', 'c']");
  await run("SELECT COUNT(*) FROM V");
  await run("SELECT COUNT(Year), SUM(Year) AS s FROM V WHERE Year > 0");
  await run("UPDATE V SET Color = 'red', Year = Year + 1 WHERE VIN = 'a'");
  await run("SELECT * FROM V WHERE VIN = 'a'");
  await run("FROM V AS v, @v.Owners.S AS s WHERE v.VIN='a' AND s.id = 'q' SET s.id = 'z'");
  await run("FROM V AS v WHERE v.VIN='a' INSERT INTO v.Owners.S VALUE {'id': 'last'}");
  await run("FROM V AS v, @v.Owners.S AS s WHERE v.VIN='a' AND s.id IN ('p', 'last') REMOVE s");
  await run("SELECT * FROM V WHERE VIN = 'a'");
  await run("UPDATE V AS v REMOVE v.Color WHERE v.VIN = 'a'");
  await run("DELETE FROM V BY id WHERE id = 'd4'");
  await run("SELECT * FROM history(V) AS h WHERE h.metadata.id = 'd3'");
  await run("SELECT * FROM history(V, `2020T`, `2021-01-01T`) AS h");
  await run("SELECT * FROM _ql_committed_V AS r WHERE r.data.VIN = 'a'");
  await run("SELECT VALUE name FROM information_schema.user_tables WHERE status = 'ACTIVE'");
  await run("SELECT a.VIN, b.VIN AS o FROM V AS a, V AS b WHERE a.VIN = b.VIN");
  await run("SELECT r.VIN, (SELECT s.id FROM @r.Owners.S AS s) AS p FROM V AS r");
  await run("DELETE FROM NonExistentTable");
  await run("Person");
  await run("SELECT * FRM V");
  await run("SELECT TXID(), UTCNOW() FROM << 0 >>");
  await run("SELECT Year, VIN FROM V ORDER BY Year DESC LIMIT 1");
  await run("SELECT VIN, (SELECT COUNT(*) FROM V) AS n FROM V");
  await run("SELECT COUNT(*) AS n, VIN FROM V GROUP BY VIN");
  await run("SELECT * FROM V WHERE VIN = ?");
  console.log(await evaluate('1 + 1.50'), await evaluate("'a' || 'b'"), await evaluate('null.a'), await evaluate('MISSING'));
});
