// A process with a ledger of its own object on a shared store: it answers the
// session commands that it is sent. `node ledger-process.mjs URL SCHEMA PAGE_ROWS`
import { openLedger } from '../../../dist/ledger.js';

const [url, schema, pageRows] = process.argv.slice(2);
const ledger = await openLedger({
  name: 'test',
  store: { url, schema, maxConnections: 4 },
  limits: { pageRows: Number(pageRows) },
});
async function answer({ id, request }) {
  try {
    const reply = await ledger.sessions.sendCommand(request);
    process.send({ id, reply });
  } catch ({ name, message }) {
    process.send({ id, error: { name, message } });
  }
}
process.on('message', (message) => void answer(message));
process.on('disconnect', () => process.exit());
process.send('ready');
