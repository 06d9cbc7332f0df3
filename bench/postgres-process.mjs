// One of several processes that insert at once; it sends its rate.
import { openOurs, openPeer } from './postgres.mjs';

const [kind, url, callers, seconds] = process.argv.slice(2);
const side = kind === 'ours' ? await openOurs(url) : openPeer(url);
await side.insert();
process.once('message', () => void insert());
process.send('ready');

async function insert() {
  const begin = performance.now();
  const end = begin + 1000 * Number(seconds);
  let count = 0;
  await Promise.all(
    Array.from({ length: Number(callers) }, async () => {
      while (performance.now() < end) {
        await side.insert();
        count++;
      }
    }),
  );
  process.send((1000 * count) / (performance.now() - begin));
  process.once('disconnect', () => process.exit());
}
