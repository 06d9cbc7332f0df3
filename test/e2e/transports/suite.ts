import type { INestApplication } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Bank, type Deposit, gate } from './bank.js';

/** Somebody who calls the handlers of an application. */
export interface Client {
  /** How many answers have come, whatever they were answers to. */
  readonly answers: number;
  /** @throws when the answer is an error */
  deposit(id: string, amount: number): Promise<Deposit>;
  /** Calls the handler that holds; nobody waits for its answer. */
  hold(id: string): void;
  /** Breaks the connection, or ends it if nothing is under way. Idempotent. */
  leave(): Promise<void>;
}

/** An application whose handlers are reached in one certain way. */
export interface Transport {
  readonly name: string;
  start(bank: Bank): Promise<{
    readonly app: Pick<INestApplication, 'close'>;
    connect(): Promise<Client>;
  }>;
}

const ACCOUNTS = Array.from({ length: 20 }, (_, n) => `account-${n}`);
const [FIRST = ''] = ACCOUNTS;

/** What `@Transactional()` promises, whichever way a handler is reached. */
export function transactionalHandlers(transport: Transport): void {
  describe(`@Transactional() handlers over ${transport.name}`, () => {
    let bank: Bank;
    let running: Awaited<ReturnType<Transport['start']>>;
    let client: Client;

    beforeEach(async () => {
      bank = await Bank.open(...ACCOUNTS);
      running = await transport.start(bank);
      client = await running.connect();
    });
    afterEach(async () => {
      await client.leave();
      await running.app.close();
      await bank.close();
    });

    it('run again after a conflict at commit, and answer once', async () => {
      let meddling = 2;
      bank.between = async (id) => {
        if (meddling-- > 0) await bank.meddle(id);
      };
      const deposit = await client.deposit(FIRST, 5);
      expect(bank.runs).toBe(3);
      expect(deposit.balance).toBe(2005);
      expect(deposit.transactions).toHaveLength(1);
      expect(await bank.balance(FIRST)).toBe(2005);
      expect(await bank.revisions(FIRST)).toBe(1 + 2 + 1);
      // Had the first call a second answer, it would have come before this one.
      await client.deposit(FIRST, 1);
      expect(client.answers).toBe(2);
    });

    it('answer with one error when conflicts do not end, and change nothing', async () => {
      bank.between = (id) => bank.meddle(id);
      await expect(client.deposit(FIRST, 5)).rejects.toThrow();
      expect(bank.runs).toBe(5);
      expect(await bank.balance(FIRST)).toBe(5000);
      bank.between = () => undefined;
      expect((await client.deposit(FIRST, 5)).balance).toBe(5005);
      expect(client.answers).toBe(2);
    });

    it('never share a transaction, however many run at once', async () => {
      const all = gate();
      let waiting = 0;
      bank.between = () => {
        if (++waiting === ACCOUNTS.length) all.open();
        return all.opened;
      };
      const clients = await Promise.all(ACCOUNTS.map(() => running.connect()));
      const deposits = await Promise.all(
        ACCOUNTS.map((id, n) => clients[n]?.deposit(id, n + 1)),
      );
      expect(deposits).toMatchObject(
        ACCOUNTS.map((id, n) => ({ id, balance: n + 1 })),
      );
      const transactions = deposits.map((deposit) => deposit?.transactions);
      for (const own of transactions) expect(own).toHaveLength(1);
      expect(new Set(transactions.flat()).size).toBe(ACCOUNTS.length);
      await Promise.all(clients.map((one) => one.leave()));
    });

    it('add up when all of them want the same account at once', async () => {
      const amounts = Array.from({ length: 32 }, (_, n) => n + 1);
      await Promise.all(amounts.map((n) => client.deposit(FIRST, n)));
      expect(await bank.balance(FIRST)).toBe((32 * 33) / 2);
      expect(await bank.revisions(FIRST)).toBe(1 + 32);
    });

    it('are undone when the client goes away', async () => {
      const { hold } = bank;
      client.hold(FIRST);
      await hold.entered.opened;
      await client.leave();
      // The handler has not ended yet: it is the client's leaving that aborts.
      await bank.aborted.opened;
      hold.goOn.open();
      await hold.second.opened;
      expect(hold.refusal).toMatchObject({ code: 'QLDB_TRANSACTION_ENDED' });
      expect(await bank.balance(FIRST)).toBe(0);
      const next = await running.connect();
      expect((await next.deposit(FIRST, 7)).balance).toBe(7);
      expect(await bank.revisions(FIRST)).toBe(1 + 1);
      await next.leave();
    });

    it('have done what they acknowledged when the application shuts down under load', async () => {
      const accounts = ACCOUNTS.slice(0, 8);
      const clients = await Promise.all(accounts.map(() => running.connect()));
      const acknowledged = accounts.map(() => 0);
      let total = 0;
      let closing: Promise<void> | undefined;
      await Promise.all(
        accounts.map(async (id, n) => {
          try {
            for (let round = 0; round < 1000; round++) {
              await clients[n]?.deposit(id, 1);
              acknowledged[n] = round + 1;
              if (++total === 60) closing = running.app.close();
            }
          } catch {
            // The application is closed, and one deposit of each client may or may not have been done.
          }
        }),
      );
      await closing;
      expect(total).toBeGreaterThanOrEqual(60);
      expect(total).toBeLessThan(8 * 1000);
      for (const [n, id] of accounts.entries()) {
        const surplus = ((await bank.balance(id)) ?? 0) - acknowledged[n];
        expect(surplus).toBeGreaterThanOrEqual(0);
        expect(surplus).toBeLessThanOrEqual(1);
      }
      await Promise.all(clients.map((one) => one.leave()));
    });
  });
}
