import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ClientProxyFactory, Transport } from '@nestjs/microservices';
import { lastValueFrom } from 'rxjs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { PooledQldbDriver } from '../../lib/driver/index.js';
import { Decimal } from '../../lib/ion/index.js';
import { openLedger } from '../../lib/ledger/index.js';
import { curlLines, isAnswer, runCurl } from './curl-lines.js';
import { SampleProcess } from './sample-process.js';

interface Transfer {
  readonly Id: string;
  readonly From: string;
  readonly To: string;
  readonly Amount: string;
}
interface Account {
  readonly Name: string;
  readonly Balance: string;
}
interface Rush {
  readonly Made: number;
  readonly Refused: number;
  readonly GivenUp: number;
  readonly ConflictsRetried: number;
  readonly TotalBefore: string;
  readonly TotalAfter: string;
}

const folders: string[] = [];
async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'accounts-'));
  folders.push(folder);
  return folder;
}
afterAll(() =>
  Promise.all(folders.map((folder) => rm(folder, { recursive: true }))),
);

const start = (folder: string) => SampleProcess.start(folder, '02-accounts');

/** A transfer that nobody has asked for yet. */
let transfers = 0;
function newTransfer(change: Partial<Transfer> = {}): Transfer {
  const Id = `transfer-${transfers++}`;
  return { Id, From: 'alice', To: 'bob', Amount: '0.01', ...change };
}

async function balances(sample: SampleProcess) {
  const { Total, Accounts } = await sample.get<{
    Total: string;
    Accounts: Account[];
  }>('/accounts');
  return {
    Total,
    ...Object.fromEntries(
      Accounts.map(({ Name, Balance }): [string, string] => [Name, Balance]),
    ),
  };
}

/** Another service, which speaks TCP with the sample. */
class Consumer {
  readonly #proxy;

  constructor(sample: SampleProcess) {
    const [, port] = /over TCP at 127\.0\.0\.1:(\d+)/.exec(sample.output) ?? [];
    this.#proxy = ClientProxyFactory.create({
      transport: Transport.TCP,
      options: { host: '127.0.0.1', port: Number(port) },
    });
  }

  send(pattern: string, data: unknown): Promise<unknown> {
    return lastValueFrom(this.#proxy.send<unknown>(pattern, data));
  }

  async emit(pattern: string, data: unknown): Promise<void> {
    await lastValueFrom(this.#proxy.emit(pattern, data), {
      defaultValue: undefined,
    });
  }

  close(): void {
    void this.#proxy.close();
  }
}

/** The transfers that are announced, until the sample ends or enough have come. */
async function listen(sample: SampleProcess) {
  const response = await sample.fetch('/notifications');
  const heard: Transfer[] = [];
  const ended = (async () => {
    let text = '';
    const decoder = new TextDecoder();
    for await (const part of response.body ?? []) {
      text += decoder.decode(part as Uint8Array, { stream: true });
      const events = text.split('\n\n');
      text = events.pop() ?? '';
      for (const event of events) {
        const data = /^data: (.*)$/m.exec(event)?.[1];
        if (data) heard.push(JSON.parse(data) as Transfer);
      }
    }
  })();
  return { heard, ended };
}

/** What is in a ledger that no process has open; checks its whole chain. */
async function column<T>(folder: string, name: string, statement: string) {
  const ledger = await openLedger({ name, store: `file:${folder}` });
  const driver = new PooledQldbDriver({
    ledgerName: name,
    endpoint: ledger.sessions,
  });
  try {
    await ledger.verify();
    return await driver.executeLambda((txn) => txn.execute<T>(statement));
  } finally {
    await driver.close();
    await ledger.close();
  }
}

describe('the accounts sample', () => {
  let folder: string;
  let sample: SampleProcess;

  beforeAll(async () => {
    folder = await newFolder();
    sample = await start(folder);
  });
  afterAll(() => sample.kill());

  it('answers the curl lines of its README as printed', async () => {
    const text = await readFile(
      new URL('../../sample/02-accounts/README.md', import.meta.url),
      'utf8',
    );
    const lines = curlLines(text);
    expect(lines.length).toBeGreaterThanOrEqual(8);
    const reader = await start(await newFolder());
    try {
      for (const { command, answer } of lines) {
        const actual = await runCurl(command, reader);
        expect(isAnswer(actual, answer), `$ ${command}\n${actual}`).toBe(true);
      }
    } finally {
      await reader.kill();
    }
  });

  it('begins with accounts, and opens more', async () => {
    expect(await balances(sample)).toEqual({
      Total: '1300.00',
      alice: '100.00',
      bob: '100.00',
      carol: '100.00',
      clearing: '1000.00',
    });
    const dave = { Name: 'dave', Balance: '0.10' };
    expect((await sample.post('/accounts', dave)).status).toBe(201);
    expect((await sample.post('/accounts', dave)).status).toBe(409);
    expect(await sample.get('/accounts/dave')).toEqual(dave);
    expect(await balances(sample)).toMatchObject({ Total: '1300.10' });
  });

  it('moves money without losing a cent', async () => {
    for (const Amount of ['0.10', '0.20']) {
      const transfer = newTransfer({ From: 'clearing', To: 'dave', Amount });
      const response = await sample.post('/transfers', transfer);
      expect(response.status).toBe(201);
      expect(await response.json()).toEqual(transfer);
    }
    // With floats, it would be 0.4000000000000001.
    expect(await sample.get('/accounts/dave')).toMatchObject({
      Balance: '0.40',
    });
    const history = await sample.get<{ Balance: string; Since: string }[]>(
      '/accounts/dave/history',
    );
    expect(history.map(({ Balance }) => Balance)).toEqual([
      '0.10',
      '0.20',
      '0.40',
    ]);
  });

  it('refuses what cannot be done, and says why', async () => {
    const before = await balances(sample);
    const refusals: [number, object][] = [
      [404, newTransfer({ To: 'nobody' })],
      [404, newTransfer({ From: 'nobody' })],
      [409, newTransfer({ Amount: '1000000.00' })],
      [400, newTransfer({ To: 'alice' })],
      [400, newTransfer({ Amount: '1.5' })],
      [400, newTransfer({ Amount: '-1.00' })],
      [400, { ...newTransfer(), Amount: 1.5 }],
    ];
    for (const [status, body] of refusals)
      expect([body, (await sample.post('/transfers', body)).status]).toEqual([
        body,
        status,
      ]);
    expect((await sample.post('/rush', { Transfers: 1e9 })).status).toBe(400);
    expect(await balances(sample)).toEqual(before);
  });

  it('does what is asked twice once', async () => {
    const transfer = newTransfer({ Amount: '1.00' });
    const before = await sample.get<Account>('/accounts/alice');
    const answers = await Promise.all(
      Array.from({ length: 4 }, () => sample.post('/transfers', transfer)),
    );
    for (const answer of answers) {
      expect(answer.status).toBe(201);
      expect(await answer.json()).toEqual(transfer);
    }
    const { Balance } = await sample.get<Account>('/accounts/alice');
    expect(Number(before.Balance) - Number(Balance)).toBeCloseTo(1);
    const another = { ...transfer, Amount: '2.00' };
    expect((await sample.post('/transfers', another)).status).toBe(409);
  });

  it('keeps the total in a rush, though transfers run into each other', async () => {
    const { Total } = await balances(sample);
    const response = await sample.post('/rush', {
      Transfers: 100,
      Parallel: 8,
    });
    expect(response.status).toBe(200);
    const rush = (await response.json()) as Rush;
    expect(rush.Made + rush.Refused + rush.GivenUp).toBe(100);
    expect(rush.Made).toBeGreaterThan(50);
    expect(rush.ConflictsRetried).toBeGreaterThan(0);
    expect(rush).toMatchObject({ TotalBefore: Total, TotalAfter: Total });
  });

  it('announces a transfer once it is made, and once', async () => {
    const { heard } = await listen(sample);
    const wanted = Array.from({ length: 20 }, (_, n) =>
      newTransfer({ From: n % 2 ? 'alice' : 'bob', To: 'carol' }),
    );
    const [refused] = await Promise.all([
      sample.post('/transfers', newTransfer({ Amount: '1000000.00' })),
      ...wanted.map(async (transfer) => {
        expect((await sample.post('/transfers', transfer)).status).toBe(201);
      }),
    ]);
    expect(refused.status).toBe(409);
    await expect
      .poll(() => heard.length, { timeout: 15_000 })
      .toBe(wanted.length);
    expect(new Set(heard.map(({ Id }) => Id))).toEqual(
      new Set(wanted.map(({ Id }) => Id)),
    );
  });

  it('writes each transfer down in a second ledger, with the digest of the first', async () => {
    const transfer = newTransfer();
    const { Entries } = await sample.get<{ Entries: number }>('/audit');
    await sample.post('/transfers', transfer);
    expect(await sample.get('/audit')).toEqual({ Entries: Entries + 1 });
    // Later blocks do not matter to a digest.
    await sample.post('/transfers', newTransfer());
    expect(await sample.get(`/audit/${transfer.Id}`)).toMatchObject({
      Transfer: transfer,
      Proven: true,
    });
    expect((await sample.fetch('/audit/nothing')).status).toBe(404);
  });

  it('says over HTTP that both ledgers are well', async () => {
    expect(await sample.get('/health')).toMatchObject({
      status: 'ok',
      details: { accounts: { status: 'up' }, audit: { status: 'up' } },
    });
  });

  it('transfers for other services, over TCP', async () => {
    const consumer = new Consumer(sample);
    try {
      const transfer = newTransfer();
      expect(await consumer.send('transfer', transfer)).toEqual(transfer);
      expect(await sample.get(`/audit/${transfer.Id}`)).toMatchObject({
        Transfer: transfer,
      });
      await expect(
        consumer.send('transfer', newTransfer({ Amount: '1000000.00' })),
      ).rejects.toMatchObject({
        status: 'error',
        message: expect.stringMatching(
          /^alice has only \d+\.\d\d\.$/,
        ) as string,
      });
      await expect(consumer.send('transfer', {})).rejects.toMatchObject({
        message: expect.stringContaining('From') as string,
      });
    } finally {
      consumer.close();
    }
  });

  it('books an event that comes several times once', async () => {
    const consumer = new Consumer(sample);
    try {
      const { Balance } = await sample.get<Account>('/accounts/dave');
      const payment = { Id: 'payment-1', To: 'dave', Amount: '5.00' };
      await Promise.all(
        [1, 2, 3].map(() => consumer.emit('payment.received', payment)),
      );
      const after = Number(Balance) + 5;
      await expect
        .poll(
          async () =>
            Number((await sample.get<Account>('/accounts/dave')).Balance),
          { timeout: 15_000 },
        )
        .toBeCloseTo(after);
      // Messages of one connection are taken in their order, so those events are under way at least.
      const last = newTransfer();
      expect(await consumer.send('transfer', last)).toEqual(last);
      expect(
        Number((await sample.get<Account>('/accounts/dave')).Balance),
      ).toBeCloseTo(after);
    } finally {
      consumer.close();
    }
  });

  it('ends at Ctrl-C under load, with all that it acknowledged', async () => {
    const { Total } = await balances(sample);
    const { heard, ended } = await listen(sample);
    const acknowledged: string[] = [];
    const otherStatuses = new Set<number>();
    let sent = 0;
    let stopped: ReturnType<SampleProcess['kill']> | undefined;
    await Promise.all(
      Array.from({ length: 6 }, async () => {
        try {
          for (let round = 0; round < 1000; round++) {
            const transfer = newTransfer({ From: 'clearing', To: 'carol' });
            sent++;
            const { status } = await sample.post('/transfers', transfer);
            if (status !== 201) {
              otherStatuses.add(status);
              return;
            }
            if (acknowledged.push(transfer.Id) === 30)
              stopped = sample.kill('SIGTERM');
          }
        } catch {
          // The connection broke, or there is nobody to connect to.
        }
      }),
    );
    await stopped;
    await ended;
    expect(sent).toBeLessThan(6 * 1000);
    // 503 while it closes; 409 for a conflict too many.
    expect(
      [...otherStatuses].filter((one) => one !== 503 && one !== 409),
    ).toEqual([]);
    expect(heard.length).toBeGreaterThanOrEqual(30);
    const made = await column<string>(
      folder,
      'accounts',
      'SELECT VALUE t.Id FROM Transfer AS t',
    );
    expect(made).toEqual(expect.arrayContaining(acknowledged));
    sample = await start(folder);
    expect(await balances(sample)).toMatchObject({ Total });
    expect(await sample.get('/audit')).toEqual({ Entries: made.length });
  });
});

describe('the accounts sample under kill -9', () => {
  let sample: SampleProcess | undefined;
  afterEach(() => sample?.kill());

  it(
    'has lost neither a transfer that it acknowledged, nor a cent',
    { timeout: 120_000 },
    async () => {
      const folder = await newFolder();
      const acknowledged: string[] = [];
      for (let round = 0; round < 4; round++) {
        const running = await start(folder);
        sample = running;
        const target = acknowledged.length + 10 + round * 7;
        let killed: Promise<unknown> | undefined;
        await Promise.all(
          Array.from({ length: 6 }, async (_, n) => {
            const names = ['alice', 'bob', 'carol'];
            const From = names[n % 3];
            const To = names[(n + 1) % 3];
            for (let one = 0; one < 1000 && !killed; one++) {
              const transfer = newTransfer({ From, To });
              try {
                const { status } = await running.post('/transfers', transfer);
                if (status === 201) acknowledged.push(transfer.Id);
              } catch {
                // The connection broke: nobody knows.
              }
              if (acknowledged.length >= target) killed ??= running.kill();
            }
          }),
        );
        await killed;
      }
      const made = await column<string>(
        folder,
        'accounts',
        'SELECT VALUE t.Id FROM Transfer AS t',
      );
      expect(made).toEqual(expect.arrayContaining(acknowledged));
      expect(new Set(made).size).toBe(made.length);
      const [total] = await column<Decimal>(
        folder,
        'accounts',
        'SELECT VALUE SUM(a.Balance) FROM Account AS a',
      );
      expect(total?.toString()).toBe('1300.00');

      // The hooks that the plug was pulled on are made up for at the next start.
      sample = await start(folder);
      expect(await sample.get('/audit')).toEqual({ Entries: made.length });
      for (const id of acknowledged.slice(-3))
        expect(await sample.get(`/audit/${id}`)).toMatchObject({
          Proven: true,
        });
      await sample.kill('SIGTERM');
      const audited = await column<string>(
        folder,
        'audit',
        'SELECT VALUE e.TransferId FROM AuditEntry AS e',
      );
      expect(audited.sort()).toEqual(made.sort());
    },
  );
});
