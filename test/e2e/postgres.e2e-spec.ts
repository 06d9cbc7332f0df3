import { execFileSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasPostgres, PostgresServer } from '../store/postgres-server.js';
import { SampleProcess } from './sample-process.js';

const VIN = '5YJ3NJ236F7899897';
const PEOPLE = ['HKEP987BN', 'G88353415', 'PZZN783NE', 'ZBDU578FR'];

interface Vehicle {
  readonly OwnerCount: number;
}

describe.runIf(hasPostgres('sample on PostgreSQL'))(
  'a ledger on PostgreSQL, end to end',
  () => {
    let server: PostgresServer;
    let folder: string;
    beforeAll(async () => {
      server = await PostgresServer.start();
      folder = await mkdtemp(join(tmpdir(), 'qldb-move-'));
    }, 60_000);
    afterAll(async () => {
      await server.remove();
      await rm(folder, { recursive: true, force: true });
    });

    const pidsOf = ({ output }: SampleProcess) =>
      Array.from(output.matchAll(/\(process (\d+)\)/g), ([, pid]) => pid);

    it('runs sample 01 from two processes behind one port, one of which is killed', async () => {
      const sample = await SampleProcess.start(server.url);
      try {
        for (let n = 0; n < 100 && pidsOf(sample).length < 2; n++)
          await sleep(100);
        const [first, second] = pidsOf(sample);
        expect(first).not.toBe(second);

        // Each request by a connection of its own: the processes take turns.
        const transfer = (To: string) =>
          sample.fetch(`/vehicles/${VIN}/transfer`, {
            method: 'POST',
            headers: {
              'content-type': 'application/json',
              connection: 'close',
            },
            body: JSON.stringify({ To }),
          });
        const ownersOf = async () =>
          (await sample.get<Vehicle>(`/vehicles/${VIN}`)).OwnerCount;
        const before = await ownersOf();
        let done = 0;
        for (let n = 0; n < 12; n++)
          if ((await transfer(PEOPLE[n % PEOPLE.length])).ok) done++;
        expect(done).toBe(12);
        expect(await ownersOf()).toBe(before + 12);
        // All at once: what is told to have been done has been done once.
        const answers = await Promise.all(
          Array.from({ length: 20 }, (_, n) =>
            transfer(PEOPLE[n % PEOPLE.length]),
          ),
        );
        done += answers.filter(({ ok }) => ok).length;
        expect(await ownersOf()).toBe(before + done);

        process.kill(Number(first), 'SIGKILL');
        for (let n = 0; n < 100 && pidsOf(sample).length < 3; n++)
          await sleep(100);
        expect(await ownersOf()).toBe(before + done);
        const checked = await sample.fetch('/ledger/verify', {
          method: 'POST',
        });
        expect(await checked.json()).toMatchObject({ verified: true });
        const proof = await (
          await sample.fetch(`/registrations/${VIN}/proof`)
        ).text();
        const proven = await sample.fetch('/ledger/verify', {
          method: 'POST',
          headers: { 'content-type': 'application/json', connection: 'close' },
          body: proof,
        });
        expect(await proven.json()).toEqual({ verified: true });
      } finally {
        await sample.kill('SIGTERM');
      }
    }, 120_000);

    it('moves a ledger between a database and a folder by one command, its digest unchanged', () => {
      const run = (...args: string[]) =>
        execFileSync(process.execPath, ['dist/cli/main.js', ...args], {
          encoding: 'utf8',
        }).trim();
      const name = ['--ledger', 'vehicle-registration'];
      const database = ['--store', server.url];
      const there = run('digest', ...name, ...database);
      expect(run('ledgers', ...database)).toContain('vehicle-registration');

      const files = `file:${folder}`;
      expect(run('backup', ...name, ...database, '--to', files)).toContain(
        there,
      );
      expect(run('digest', ...name, '--store', files)).toBe(there);

      const back = `${server.url}?schema=moved`;
      expect(run('backup', ...name, '--store', files, '--to', back)).toContain(
        there,
      );
      expect(run('digest', ...name, '--store', back)).toBe(there);
      run('verify', ...name, '--store', back);
      run('rebuild', ...name, '--store', back);
      expect(run('digest', ...name, '--store', back)).toBe(there);
      run('verify', ...name, '--store', back);

      // Out as AWS exported it, and in again.
      const exported = join(folder, 'export');
      run('export', ...name, '--store', back, '--to', exported);
      run(
        'import',
        ...name,
        '--from',
        exported,
        '--store',
        `${server.url}?schema=again`,
      );
      expect(
        run('digest', ...name, '--store', `${server.url}?schema=again`),
      ).toBe(there);
    }, 120_000);
  },
);
