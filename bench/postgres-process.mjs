// One of several processes that insert at once; it sends its rate.
import { openOurs, openPeer } from './postgres.mjs';

const [kind, url, callers, seconds] = process.argv.slice(2);
const side = kind === 'ours' ? await openOurs(url) : openPeer(url);
// As long as it takes for the code to be as fast as it gets.
await insert(6);
process.once('message', () => void measure());
process.send('ready');

async function measure() {
  process.send(await insert(Number(seconds)));
  process.once('disconnect', () => process.exit());
}

/** Inserts for some seconds, and returns how many a second. */
async function insert(duration) {
  const begin = performance.now();
  const end = begin + 1000 * duration;
  let count = 0;
  await Promise.all(
    Array.from({ length: Number(callers) }, async () => {
      while (performance.now() < end) {
        await side.insert();
        count++;
      }
    }),
  );
  return (1000 * count) / (performance.now() - begin);
}
