import { once } from 'node:events';
import type { AddressInfo, Server } from 'node:net';
import { Controller } from '@nestjs/common';
import {
  ClientProxyFactory,
  ClientTCP,
  EventPattern,
  MessagePattern,
  type MicroserviceOptions,
  Payload,
  Transport,
} from '@nestjs/microservices';
import { Test } from '@nestjs/testing';
import { lastValueFrom, tap } from 'rxjs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Transactional } from '../../../lib/index.js';
import { Accounts, Bank, type Deposit, gate } from './bank.js';
import { type Client, transactionalHandlers } from './suite.js';

interface DepositMessage {
  readonly id: string;
  readonly amount: number;
}

@Controller()
@Transactional()
class AccountsConsumer {
  constructor(private readonly accounts: Accounts) {}

  @MessagePattern('deposit')
  deposit(@Payload() { id, amount }: DepositMessage): Promise<Deposit> {
    return this.accounts.deposit(id, amount);
  }

  @EventPattern('deposited')
  async deposited(@Payload() { id, amount }: DepositMessage): Promise<void> {
    await this.accounts.deposit(id, amount);
  }

  @MessagePattern('hold')
  async hold(@Payload() { id }: DepositMessage): Promise<boolean> {
    await this.accounts.hold(id);
    return true;
  }
}

class AccountsClient implements Client {
  answers = 0;
  readonly #proxy: ClientTCP;

  constructor(port: number) {
    this.#proxy = ClientProxyFactory.create({
      transport: Transport.TCP,
      options: { host: '127.0.0.1', port },
    }) as ClientTCP;
  }

  deposit(id: string, amount: number): Promise<Deposit> {
    const count = () => void this.answers++;
    return lastValueFrom(
      this.#proxy
        .send<Deposit>('deposit', { id, amount })
        .pipe(tap({ next: count, error: count })),
    );
  }

  /** Sends an event and goes away as soon as it is sent. */
  async depositAndLeave(id: string, amount: number): Promise<void> {
    await lastValueFrom(this.#proxy.emit('deposited', { id, amount }), {
      defaultValue: undefined,
    });
    await this.leave();
  }

  hold(id: string): void {
    this.#proxy.send('hold', { id }).subscribe({ error: () => undefined });
  }

  async leave(): Promise<void> {
    this.#proxy.close();
  }
}

/** More than the listeners that Node takes for a leak. */
const ACCOUNTS = Array.from({ length: 12 }, (_, n) => `account-${n}`);
const [FIRST = ''] = ACCOUNTS;

async function start(bank: Bank) {
  const module = await Test.createTestingModule(
    bank.module({ controllers: [AccountsConsumer] }),
  ).compile();
  const app = module.createNestMicroservice<MicroserviceOptions>({
    transport: Transport.TCP,
    options: { host: '127.0.0.1', port: 0 },
    logger: false,
  });
  await app.listen();
  const server = app.unwrap<Server>();
  if (!server.listening) await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return { app, connect: async () => new AccountsClient(port) };
}

transactionalHandlers({ name: 'TCP', start });

describe('over TCP', () => {
  let bank: Bank;
  let running: Awaited<ReturnType<typeof start>>;

  beforeEach(async () => {
    bank = await Bank.open(...ACCOUNTS);
    running = await start(bank);
  });
  afterEach(async () => {
    await running.app.close();
    await bank.close();
  });

  it('requests at once over one connection each have their transaction', async () => {
    const warnings: Error[] = [];
    const note = (warning: Error) => void warnings.push(warning);
    process.on('warning', note);
    const all = gate();
    let waiting = 0;
    bank.between = () => {
      if (++waiting === ACCOUNTS.length) all.open();
      return all.opened;
    };
    const client = await running.connect();
    const deposits = await Promise.all(
      ACCOUNTS.map((id) => client.deposit(id, 1)),
    );
    const transactions = deposits.flatMap((deposit) => deposit.transactions);
    expect(new Set(transactions).size).toBe(ACCOUNTS.length);
    await client.leave();
    process.off('warning', note);
    // Such as of more listeners than Node expects.
    expect(warnings).toEqual([]);
  });

  it('an event is applied once, whatever the conflicts, and though its sender has gone', async () => {
    const conflict = gate();
    bank.between = async (id) => {
      if (bank.runs < 3) await bank.meddle(id);
      else conflict.open();
    };
    await (await running.connect()).depositAndLeave(FIRST, 5);
    await conflict.opened;
    // The next one comes into no conflict only when the first one is done.
    const client = await running.connect();
    bank.between = () => undefined;
    await expect
      .poll(() => bank.balance(FIRST), { timeout: 15_000 })
      .toBe(2005);
    expect((await client.deposit(FIRST, 1)).balance).toBe(2006);
    expect(await bank.revisions(FIRST)).toBe(1 + 2 + 1 + 1);
    await client.leave();
  });
});
