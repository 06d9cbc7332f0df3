// The control of the power cuts: it acknowledges what LMDB has not flushed.
import { writeSync } from 'node:fs';
import { open } from 'lmdb';

const [folder, round] = process.argv.slice(2);
const records = open({
  path: folder,
  noSubdir: false,
  noSync: true,
  overlappingSync: false,
});
writeSync(1, 'ready\n');
for (let n = 0; ; n++) {
  const id = `${round}:${n}`;
  await records.put(id, 'x'.repeat(900));
  writeSync(1, `${id}\n`);
}
