import { execFileSync, spawnSync } from 'node:child_process';
import {
  constants,
  copyFileSync,
  existsSync,
  mkdirSync,
  utimesSync,
} from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { open } from 'lmdb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Random } from '../contract/random.js';
import { checkAfterCrash, CrashWriter } from './crash.js';

/** `PROVE_ROUNDS=50` cuts so often; `PROVE_SEED` begins with another seed. */
const ROUNDS = Number(process.env['PROVE_ROUNDS'] ?? 2);
const SEED = Number(process.env['PROVE_SEED'] ?? 1);

/** What a disk of this size holds at a time is copied in an instant. */
const DISK = '96M';

const isAllowed = ['losetup -f', 'mkfs.ext4 -V', 'unshare -m true'].every(
  (command) => {
    const [program, ...args] = command.split(' ');
    return spawnSync(program ?? '', args).status === 0;
  },
);
if (!isAllowed)
  console.log(
    'Not run, power cuts: this machine does not allow disks over a loop device',
  );

/**
 * The power goes while a ledger is written: an ext4 file system lies in a file,
 * and what that file holds at a moment is what a disk would. What the kernel
 * has not been told to flush is not in it.
 */
describe.runIf(isAllowed)('a power cut', () => {
  let root: string;
  const mounted = new Set<string>();
  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'qldb-power-'));
  });
  afterAll(async () => {
    for (const place of mounted) unmount(place);
    await rm(root, { recursive: true, force: true });
  });
  const mount = (disk: string, place: string) => {
    mkdirSync(place, { recursive: true });
    execFileSync('mount', ['-o', 'loop', disk, place]);
    mounted.add(place);
  };
  const unmount = (place: string) => {
    execFileSync('umount', ['-l', place]);
    mounted.delete(place);
  };

  /** Cuts the power of a writer; gives what it had acknowledged, and looks at what its disk held. */
  async function cut(
    round: number,
    program: string | undefined,
    random: Random,
    look: (folder: string, acknowledged: ReadonlySet<string>) => Promise<void>,
  ): Promise<void> {
    const disk = join(root, `${round}.img`);
    const place = join(root, 'mounted');
    execFileSync('truncate', ['-s', DISK, disk]);
    execFileSync('mkfs.ext4', ['-q', disk]);
    mount(disk, place);
    const writer = await CrashWriter.start(join(place, 'ledgers'), round, {
      callers: random.of([1, 32]),
      ...(program === undefined ? {} : { program }),
    });
    await writer.acknowledges(1);
    await sleep(random.below(300));
    writer.stop();
    // What it said before it stopped is in the pipe.
    await sleep(20);
    const acknowledged = new Set(writer.acknowledged);
    const copy = join(root, `${round}-cut.img`);
    copyFileSync(disk, copy, constants.COPYFILE_FICLONE);
    await writer.kill();
    unmount(place);
    mount(copy, place);
    // Whoever was cut off is back after a minute, and takes over at once.
    const aMinuteAgo = Date.now() / 1000 - 60;
    const owner = join(place, 'ledgers', 'test', 'owner.json');
    if (existsSync(owner)) utimesSync(owner, aMinuteAgo, aMinuteAgo);
    try {
      await look(join(place, 'ledgers'), acknowledged);
    } finally {
      unmount(place);
      await Promise.all([rm(disk), rm(copy)]);
    }
  }

  it(`loses nothing that was acknowledged (${ROUNDS} rounds, seed ${SEED})`, async () => {
    const random = new Random(SEED);
    let total = 0;
    for (let round = 0; round < ROUNDS; round++)
      await cut(round, undefined, random, async (folder, acknowledged) => {
        total += acknowledged.size;
        await checkAfterCrash(folder, acknowledged);
      });
    console.log(
      `${ROUNDS} power cuts, seed ${SEED}: ${total} commits acknowledged, none lost, none half`,
    );
    expect(total).toBeGreaterThanOrEqual(ROUNDS);
  }, 3_600_000);

  it('loses what was not flushed: a writer that does not wait for the disk', async () => {
    const random = new Random(SEED);
    let lost = 0;
    for (let round = 0; round < Math.min(ROUNDS, 5); round++)
      await cut(
        round,
        'test/ledger/careless-writer.mjs',
        random,
        async (folder, acknowledged) => {
          let records: ReturnType<typeof open> | undefined;
          try {
            records = open({ path: folder, noSubdir: false });
            for (const id of acknowledged)
              if (records.get(id) === undefined) lost++;
          } catch {
            // Not even the file is whole.
            lost += acknowledged.size;
          } finally {
            await records?.close();
          }
        },
      );
    console.log(`the control lost ${lost} that it had acknowledged`);
    expect(lost).toBeGreaterThan(0);
  }, 600_000);
});
