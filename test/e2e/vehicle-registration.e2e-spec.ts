import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { get } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { PooledQldbDriver } from '../../lib/driver/index.js';
import { openLedger } from '../../lib/ledger/index.js';
import { SampleProcess } from './sample-process.js';

const VIN = '5YJ3NJ236F7899897';
const BRENT = 'HKEP987BN';
const RAUL = 'G88353415';
const SALVATORE = 'PZZN783NE';

interface Owner {
  readonly GovId: string;
}
interface VehicleAnswer {
  readonly VIN: string;
  readonly OwnerCount: number;
  readonly Registration: { readonly PrimaryOwner: Owner };
}
interface RevisionAnswer {
  readonly data: { readonly Owners: object };
  readonly metadata: { readonly version: number };
}
type Proof = Record<'revision' | 'digest', string> & {
  readonly blockAddress: { strandId: string; sequenceNo: number };
  readonly digestTipAddress: { strandId: string; sequenceNo: number };
  readonly proof: string[];
};

const folders: string[] = [];
async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'vehicle-registration-'));
  folders.push(folder);
  return folder;
}
afterAll(() =>
  Promise.all(folders.map((folder) => rm(folder, { recursive: true }))),
);

/** A vehicle that nobody has registered yet. */
function newVehicle(n: number) {
  const number = String(n).padStart(6, '0');
  return {
    VIN: `WVWZZZ1JZ3W${number}`,
    Type: 'Wagon',
    Year: 2003,
    Make: 'Volkswagen',
    Model: 'Golf Variant',
    Color: 'Grey',
    LicensePlateNumber: `E2E ${number}`,
    State: 'WA',
    City: 'Seattle',
    Owner: BRENT,
  };
}

/** What is in a ledger that no process has open; checks the whole chain. */
async function inspect(folder: string) {
  const ledger = await openLedger({
    name: 'vehicle-registration',
    store: `file:${folder}`,
  });
  const driver = new PooledQldbDriver({
    ledgerName: ledger.name,
    endpoint: ledger.sessions,
  });
  try {
    await ledger.verify();
    const column = async (table: string, field: string) =>
      (
        await driver.executeLambda((txn) =>
          txn.execute<string>(`SELECT VALUE t.${field} FROM ${table} AS t`),
        )
      ).sort();
    return {
      people: await column('Person', 'GovId'),
      licenses: await column('DriversLicense', 'LicenseNumber'),
      vehicles: await column('Vehicle', 'VIN'),
      registrations: await column('VehicleRegistration', 'VIN'),
    };
  } finally {
    await driver.close();
    await ledger.close();
  }
}

describe('the vehicle registration sample', () => {
  let folder: string;
  let sample: SampleProcess;

  beforeAll(async () => {
    folder = await newFolder();
    sample = await SampleProcess.start(folder);
  });
  afterAll(() => sample.kill());

  it('looks a vehicle up by VIN', async () => {
    expect(await sample.get(`/vehicles/${VIN}`)).toMatchObject({
      VIN,
      Make: 'Tesla',
      Registration: {
        LicensePlateNumber: '461 EMT',
        PendingPenaltyTicketAmount: '0.00',
        ValidFromDate: '2018-07-31T00:00:00.000Z',
        PrimaryOwner: { FirstName: 'Åsa', LastName: 'Lindström' },
      },
    });
  });

  it('says what to do about a vehicle it does not know', async () => {
    for (const path of [
      '/vehicles/X',
      '/registrations/X/history',
      '/registrations/X/proof',
    ]) {
      const response = await sample.fetch(path);
      expect(response.status).toBe(404);
      expect(await response.text()).toContain('GET /registrations lists');
    }
  });

  it('registers a vehicle, once', async () => {
    const vehicle = newVehicle(0);
    const response = await sample.post('/vehicles', vehicle);
    expect(response.status).toBe(201);
    expect(await response.json()).toMatchObject({
      VIN: vehicle.VIN,
      OwnerCount: 1,
      Registration: { PrimaryOwner: { GovId: BRENT } },
    });
    expect((await sample.post('/vehicles', vehicle)).status).toBe(409);
    const samePlate = { ...vehicle, VIN: 'WVWZZZ1JZ3W999999' };
    expect((await sample.post('/vehicles', samePlate)).status).toBe(409);
  });

  it('names all that is wrong with a request', async () => {
    const response = await sample.post('/vehicles', {
      ...newVehicle(1),
      VIN: 'short',
      Year: '2003',
      City: undefined,
    });
    expect(response.status).toBe(400);
    const { message } = (await response.json()) as { message: string[] };
    expect(message).toHaveLength(3);
    const stranger = { ...newVehicle(1), Owner: 'NOBODY' };
    expect((await sample.post('/vehicles', stranger)).status).toBe(404);
    expect((await sample.post(`/vehicles/${VIN}/transfer`, {})).status).toBe(
      400,
    );
    expect((await sample.fetch('/vehicles/WVWZZZ1JZ3W000001')).status).toBe(
      404,
    );
  });

  it('hands a vehicle over, and remembers', async () => {
    const before = await sample.get<VehicleAnswer>(`/vehicles/${VIN}`);
    const transfer = {
      From: before.Registration.PrimaryOwner.GovId,
      To: BRENT,
    };
    const response = await sample.post(`/vehicles/${VIN}/transfer`, transfer);
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({
      OwnerCount: before.OwnerCount + 1,
      Registration: { PrimaryOwner: { GovId: BRENT } },
    });
    // The same again does not fit any more.
    const again = await sample.post(`/vehicles/${VIN}/transfer`, transfer);
    expect(again.status).toBe(409);
    const history = await sample.get<RevisionAnswer[]>(
      `/registrations/${VIN}/history`,
    );
    expect(history.map(({ metadata }) => metadata.version)).toEqual([0, 1]);
    expect(history[0]?.data.Owners).not.toEqual(history[1]?.data.Owners);
  });

  it('lets one of two transfers at the same moment run again, and both end right', async () => {
    const vehicle = newVehicle(2);
    await sample.post('/vehicles', vehicle);
    const path = `/vehicles/${vehicle.VIN}`;
    let transfers = 0;
    // Whether two requests meet is the scheduler's choice; most do.
    for (let round = 0; round < 20; round++) {
      const { Registration } = await sample.get<VehicleAnswer>(path);
      const others = [BRENT, RAUL, SALVATORE].filter(
        (person) => person !== Registration.PrimaryOwner.GovId,
      );
      const answers = await Promise.all(
        others.map((To) => sample.post(`${path}/transfer`, { To })),
      );
      expect(answers.map(({ status }) => status)).toEqual([200, 200]);
      transfers += 2;
      if (sample.output.includes('occ-conflict')) break;
    }
    expect(sample.output).toContain('occ-conflict');
    const { OwnerCount } = await sample.get<VehicleAnswer>(path);
    expect(OwnerCount).toBe(1 + transfers);
    const history = await sample.get<RevisionAnswer[]>(
      `/registrations/${vehicle.VIN}/history`,
    );
    expect(history).toHaveLength(1 + transfers);
  });

  it('streams all registrations, one a line', async () => {
    const response = await sample.fetch('/registrations');
    expect(response.headers.get('content-type')).toBe('application/x-ndjson');
    expect(response.headers.get('content-length')).toBeNull();
    const rows = (await response.text())
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { VIN: string });
    expect(rows.length).toBeGreaterThanOrEqual(56);
    expect(new Set(rows.map((row) => row.VIN)).size).toBe(rows.length);
  });

  it('goes on when a client leaves a stream half-way', async () => {
    await Promise.all(
      Array.from(
        { length: 60 },
        () =>
          new Promise<void>((resolve, reject) => {
            const request = get(`${sample.url}/registrations`, (response) => {
              response.once('data', () => request.destroy());
              response.once('error', () => undefined);
              response.once('close', resolve);
            });
            request.once('error', reject);
          }),
      ),
    );
    // More than there are sessions: had one been kept, this would wait for it.
    expect((await sample.fetch(`/vehicles/${VIN}`)).status).toBe(200);
  });

  it('proves a revision, and notices every change to the proof', async () => {
    const proof = await sample.get<Proof>(`/registrations/${VIN}/proof`);
    const digest = await sample.get<object>('/ledger/digest');
    expect(digest).toEqual({
      digest: proof.digest,
      digestTipAddress: proof.digestTipAddress,
    });
    const verify = async (body: object) => {
      const response = await sample.post('/ledger/verify', body);
      return [response.status, await response.json()] as const;
    };
    expect(await verify(proof)).toEqual([200, { verified: true }]);

    const flip = (hash = '') =>
      (hash.startsWith('A') ? 'B' : 'A') + hash.slice(1);
    const altered: Partial<Proof>[] = [
      { digest: flip(proof.digest) },
      { proof: proof.proof.slice(1) },
      { proof: [...proof.proof, proof.proof[0] ?? ''] },
      ...proof.proof.map((hash, n) => ({
        proof: proof.proof.with(n, flip(hash)),
      })),
      { revision: proof.revision.replace('461 EMT', '461 EMU') },
      { revision: proof.revision.replace('version:1', 'version:2') },
      { revision: proof.revision.replace(/hash:\{\{./, 'hash:{{/') },
      { revision: '{}' },
      { blockAddress: { ...proof.blockAddress, sequenceNo: 1 } },
      { blockAddress: { ...proof.blockAddress, strandId: 'another' } },
      { digestTipAddress: { ...proof.digestTipAddress, sequenceNo: 6 } },
      { digestTipAddress: { ...proof.digestTipAddress, sequenceNo: 1e6 } },
    ];
    for (const change of altered)
      expect([change, ...(await verify({ ...proof, ...change }))]).toEqual([
        change,
        200,
        { verified: false },
      ]);
    expect((await verify({ digest: 1 }))[0]).toBe(400);
    expect((await verify({ ...proof, revision: '{' }))[0]).toBe(400);
  });

  it('keeps proving to an old digest', async () => {
    const old = await sample.get<Proof>(`/registrations/${VIN}/proof`);
    await sample.post('/vehicles', newVehicle(3));
    const answer = await sample.post('/ledger/verify', old);
    expect(await answer.json()).toEqual({ verified: true });
  });

  it('recomputes the whole journal', async () => {
    const answer = await sample.fetch('/ledger/verify', { method: 'POST' });
    expect(await answer.json()).toMatchObject({ verified: true });
  });

  it('refuses a second process on the same ledger, and says why', async () => {
    const second = SampleProcess.spawn(folder);
    const { code } = await second.exited;
    expect(code).not.toBe(0);
    expect(second.output).toMatch(/StoreInUseError|QLDB_STORE_IN_USE/);
    expect(second.output).toContain('One process at a time');
    expect((await sample.fetch(`/vehicles/${VIN}`)).status).toBe(200);
  });

  it('ends at Ctrl-C, and gives the ledger back', async () => {
    const last = sample.post('/vehicles', newVehicle(4));
    expect((await last).status).toBe(201);
    await sample.kill('SIGTERM');
    const { vehicles } = await inspect(folder);
    expect(vehicles).toContain(newVehicle(4).VIN);
    sample = await SampleProcess.start(folder);
    expect((await sample.fetch(`/vehicles/${VIN}`)).status).toBe(200);
  });
});

describe('the sample under kill -9', () => {
  let sample: SampleProcess | undefined;
  afterEach(() => sample?.kill());

  it(
    'has lost nothing that it acknowledged',
    { timeout: 120_000 },
    async () => {
      const folder = await newFolder();
      const acknowledged: string[] = [];
      const sent: string[] = [];
      for (let round = 0; round < 6; round++) {
        const running = await SampleProcess.start(folder);
        sample = running;
        const target = acknowledged.length + 5 + round * 7;
        let killed: Promise<unknown> | undefined;
        // Eight clients that each send one vehicle after the other, until the plug is pulled among them.
        await Promise.all(
          Array.from({ length: 8 }, async () => {
            while (!killed) {
              const vehicle = newVehicle(sent.length);
              sent.push(vehicle.VIN);
              try {
                const { status } = await running.post('/vehicles', vehicle);
                if (status === 201) acknowledged.push(vehicle.VIN);
              } catch {
                // The connection broke: nobody knows.
              }
              if (acknowledged.length >= target) killed ??= running.kill();
            }
          }),
        );
        await killed;
      }
      const { people, vehicles, registrations } = await inspect(folder);
      expect(people).toHaveLength(60);
      expect(vehicles).toEqual(expect.arrayContaining(acknowledged));
      expect(registrations).toEqual(vehicles);
      expect(new Set(vehicles).size).toBe(vehicles.length);
      expect(vehicles.length).toBeLessThanOrEqual(56 + sent.length);

      sample = await SampleProcess.start(folder);
      const last = acknowledged.at(-1) ?? '';
      expect((await sample.fetch(`/vehicles/${last}`)).status).toBe(200);
    },
  );

  it(
    'completes a seeding that was cut off, without duplicates',
    { timeout: 120_000 },
    async () => {
      let cut = 0;
      for (const delay of [0, 20, 40, 80, 120, 160]) {
        const folder = await newFolder();
        const first = SampleProcess.spawn(folder);
        while (!existsSync(join(folder, 'vehicle-registration')))
          await sleep(1);
        await sleep(delay);
        if (!first.output.includes('is ready')) cut++;
        await first.kill();
        sample = await SampleProcess.start(folder);
        await sample.kill('SIGTERM');
        const { people, licenses, vehicles, registrations } =
          await inspect(folder);
        expect(people).toHaveLength(60);
        expect(licenses).toHaveLength(60);
        expect(vehicles).toHaveLength(56);
        expect(registrations).toEqual(vehicles);
      }
      expect(cut).toBeGreaterThan(0);
    },
  );
});
