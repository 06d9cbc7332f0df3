// A ledger over HTTP, in a process of its own: what the drivers are measured
// against. Prints its endpoint; ends with its standard input.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createQldbServer, openLedger } from '../dist/ledger.js';

const folder = mkdtempSync(join(tmpdir(), 'qldb-bench-server-'));
const ledger = await openLedger({ name: 'bench', store: `file:${folder}` });
const server = await createQldbServer({
  ledgers: { bench: ledger.sessions },
  credentials: [{ accessKeyId: 'bench', secretAccessKey: 'bench' }],
});
console.log(server.url);
process.stdin.resume();
process.stdin.on('end', () => void close());

async function close() {
  await server.close();
  await ledger.close();
  rmSync(folder, { recursive: true, force: true });
}
