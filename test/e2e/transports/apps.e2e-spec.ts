import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  Body,
  Controller,
  Get,
  Injectable,
  Post,
  Res,
  Sse,
  type INestApplication,
} from '@nestjs/common';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test, type TestingModuleBuilder } from '@nestjs/testing';
import { interval, type Observable } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { PooledQldbDriver } from '../../../lib/driver/index.js';
import {
  InjectQldb,
  Qldb,
  QldbModule,
  Transactional,
} from '../../../lib/index.js';
import { openLedger } from '../../../lib/ledger/index.js';
import { Accounts, Bank } from './bank.js';
import { HttpClient } from './http-client.js';

type Platform = (builder: TestingModuleBuilder) => Promise<INestApplication>;

const PLATFORMS: Record<string, Platform> = {
  Express: async (builder) =>
    (await builder.compile()).createNestApplication({ logger: false }),
  Fastify: async (builder) =>
    (await builder.compile()).createNestApplication(new FastifyAdapter(), {
      logger: false,
    }),
};

describe('two applications in one process', () => {
  @Injectable()
  class Teller {
    constructor(private readonly accounts: Accounts) {}

    @Transactional()
    async deposit(id: string, amount: number) {
      return this.accounts.deposit(id, amount);
    }
  }

  async function start() {
    const bank = await Bank.open('a');
    const module = await Test.createTestingModule(
      bank.module({ providers: [Teller] }),
    ).compile();
    const app = await module.createNestApplication({ logger: false }).init();
    return { bank, app, teller: app.get(Teller) };
  }

  it('have nothing in common, though they are made of the same classes', async () => {
    const one = await start();
    const two = await start();
    let meddling = 1;
    one.bank.between = async (id) => {
      if (meddling-- > 0) await one.bank.meddle(id);
    };
    const [first, second] = await Promise.all([
      one.teller.deposit('a', 1),
      two.teller.deposit('a', 2),
    ]);
    expect([one.bank.runs, two.bank.runs]).toEqual([2, 1]);
    expect([first.balance, second.balance]).toEqual([1001, 2]);

    // A transaction of one application is none of the other's.
    one.bank.between = async () => {
      const inner = await two.teller.deposit('a', 3);
      expect(inner.balance).toBe(5);
      expect(await two.bank.balance('a')).toBe(5);
    };
    const outer = await one.teller.deposit('a', 1);
    expect(outer.transactions).toHaveLength(1);
    expect(await one.bank.balance('a')).toBe(1002);

    await one.app.close();
    await expect(one.teller.deposit('a', 1)).rejects.toMatchObject({
      code: 'QLDB_DRIVER_CLOSED',
    });
    expect((await two.teller.deposit('a', 1)).balance).toBe(6);
    await two.app.close();
    await Promise.all([one.bank.close(), two.bank.close()]);
  });
});

describe.each(Object.entries(PLATFORMS))('on %s', (_name, create) => {
  it('handlers that no transaction fits around are refused before anything listens', async () => {
    @Controller()
    @Transactional()
    class Refused {
      @Sse('events')
      events(): Observable<number> {
        return interval(1000);
      }

      @Get('by-hand')
      byHand(@Res() response: { send(body: string): void }): void {
        response.send('too early');
      }

      @Get('passed-through')
      passedThrough(
        @Res({ passthrough: true }) response: { status(code: number): void },
      ): string {
        response.status(202);
        return 'in time';
      }
    }
    const builder = Test.createTestingModule({
      imports: [
        QldbModule.forRoot({ ledgerName: 'refused', store: 'memory:' }),
      ],
      controllers: [Refused],
    });
    const error: unknown = await create(builder)
      .then((app) => app.init())
      .catch((reason: unknown) => reason);
    expect(error).toMatchObject({
      name: 'NotTransactionalError',
      code: 'QLDB_NOT_TRANSACTIONAL',
    });
    const { message } = error as Error;
    expect(message).toContain('Refused.events()');
    expect(message).toContain('Refused.byHand()');
    expect(message).not.toContain('Refused.passedThrough()');
  });

  it('a ledger that is closed under load has all that was acknowledged', async () => {
    @Controller()
    class Payments {
      constructor(@InjectQldb() private readonly qldb: Qldb) {}

      @Post()
      @Transactional()
      async pay(@Body() { id }: { id: number }): Promise<{ id: number }> {
        await this.qldb.execute('INSERT INTO Payment ?', { Id: id });
        await this.qldb.execute('INSERT INTO Receipt ?', { Id: id });
        return { id };
      }
    }
    const folder = await mkdtemp(join(tmpdir(), 'shutdown-'));
    const store = `file:${folder}`;
    try {
      const app = await create(
        Test.createTestingModule({
          imports: [QldbModule.forRoot({ ledgerName: 'payments', store })],
          controllers: [Payments],
        }),
      );
      await app.listen(0, '127.0.0.1');
      const qldb = app.get(Qldb);
      await qldb.execute('CREATE TABLE Payment');
      await qldb.execute('CREATE TABLE Receipt');
      const client = new HttpClient(await app.getUrl());
      const acknowledged: number[] = [];
      let sent = 0;
      let closing: Promise<void> | undefined;
      await Promise.all(
        Array.from({ length: 8 }, async () => {
          try {
            for (let round = 0; round < 1000; round++) {
              const id = sent++;
              await client.post('/', { id });
              if (acknowledged.push(id) === 50) closing = app.close();
            }
          } catch {
            // Closed; whether this payment was made is not known.
          }
        }),
      );
      await closing;
      await client.leave();
      expect(acknowledged.length).toBeLessThan(8 * 1000);

      const ledger = await openLedger({ name: 'payments', store });
      const driver = new PooledQldbDriver({
        ledgerName: ledger.name,
        endpoint: ledger.sessions,
      });
      const ids = async (table: string) =>
        (
          await driver.executeLambda((txn) =>
            txn.execute<number>(`SELECT VALUE t.Id FROM ${table} AS t`),
          )
        ).sort((a, b) => a - b);
      const payments = await ids('Payment');
      expect(payments).toEqual(expect.arrayContaining(acknowledged));
      expect(await ids('Receipt')).toEqual(payments);
      await ledger.verify();
      await driver.close();
      await ledger.close();
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
