import { AsyncLocalStorage } from 'node:async_hooks';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Injectable } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { lastValueFrom, toArray } from 'rxjs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  InjectQldb,
  LedgerNotHereError,
  Qldb,
  QldbModule,
  type QldbModuleRootOptions,
  Transactional,
} from '../../lib/nest/index.js';

/** Runs something as if no transaction were around it. */
const outside = AsyncLocalStorage.snapshot();

interface Account {
  readonly Id: string;
  readonly Balance: number;
}

@Injectable()
class Bank {
  attempts = 0;
  /** Called inside each transfer, when it has read and not yet written. */
  between: () => Promise<unknown> | undefined = () => undefined;

  constructor(@InjectQldb() private readonly qldb: Qldb) {}

  async open() {
    await this.qldb.execute('CREATE TABLE Account');
    await this.qldb.execute('CREATE INDEX ON Account (Id)');
    await this.qldb.execute('INSERT INTO Account ?', [
      { Id: 'a', Balance: 100 },
      { Id: 'b', Balance: 100 },
    ]);
  }

  @Transactional()
  async transfer(from: string, to: string, amount: number): Promise<void> {
    this.attempts++;
    const [a, b] = [await this.balance(from), await this.balance(to)];
    await this.between();
    await this.set(from, a - amount);
    await this.set(to, b + amount);
  }

  async balance(id: string): Promise<number> {
    const [account] = await this.qldb.execute<Account>(
      'SELECT * FROM Account WHERE Id = ?',
      id,
    );
    return account?.Balance ?? 0;
  }

  private set(id: string, balance: number) {
    return this.qldb.execute(
      'UPDATE Account SET Balance = ? WHERE Id = ?',
      balance,
      id,
    );
  }
}

describe('QldbModule on an embedded ledger', () => {
  let folder: string;
  let started: { close(): Promise<void> }[];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'nestjs-qldb-'));
    started = [];
  });
  afterEach(async () => {
    await Promise.all(started.map((module) => module.close()));
    await rm(folder, { recursive: true });
  });

  const start = async (options: Partial<QldbModuleRootOptions> = {}) => {
    const module = await Test.createTestingModule({
      imports: [
        QldbModule.forRoot({
          ledgerName: 'bank',
          store: 'memory:',
          ...options,
        }),
      ],
      providers: [Bank],
    }).compile();
    module.useLogger(false);
    started.push(module);
    await module.init();
    return { module, bank: module.get(Bank), qldb: module.get(Qldb) };
  };

  it('has the limits that it is given', async () => {
    const { qldb } = await start({ limits: { maxTransactionDocuments: 2 } });
    await qldb.execute('CREATE TABLE Account');
    await expect(
      qldb.execute('INSERT INTO Account ?', [{}, {}, {}]),
    ).rejects.toMatchObject({
      code: 'QLDB_BAD_REQUEST',
      message: expect.stringContaining('limit of 2 documents'),
    });
    expect(await qldb.execute('SELECT * FROM Account')).toEqual([]);
  });

  it('transacts', async () => {
    const { bank } = await start();
    await bank.open();
    await bank.transfer('a', 'b', 30);
    expect(await bank.balance('a')).toBe(70);
    expect(await bank.balance('b')).toBe(130);
  });

  it('runs a transfer again that another one overtook, and both end right', async () => {
    const { bank } = await start();
    await bank.open();
    let overtaken = false;
    bank.between = () => {
      if (overtaken) return undefined;
      overtaken = true;
      // A transaction of its own, that commits while the first one is open.
      return outside(() => bank.transfer('b', 'a', 1));
    };
    await bank.transfer('a', 'b', 30);
    expect(bank.attempts).toBe(3);
    expect(await bank.balance('a')).toBe(71);
    expect(await bank.balance('b')).toBe(129);
  });

  it('keeps what was committed, and what was not never was', async () => {
    const store = `file:${folder}`;
    const first = await start({ store });
    await first.bank.open();
    first.bank.between = () => Promise.reject(new Error('no'));
    await expect(first.bank.transfer('a', 'b', 30)).rejects.toThrow('no');
    first.bank.between = () => undefined;
    await first.bank.transfer('a', 'b', 1);
    await first.module.close();

    const second = await start({ store });
    expect(await second.bank.balance('a')).toBe(99);
    await expect(second.qldb.ledger.verify()).resolves.toBeDefined();
  });

  it('opens a ledger for one application at a time, and gives it back', async () => {
    const store = `file:${folder}`;
    const first = await start({ store });
    await expect(start({ store })).rejects.toMatchObject({
      code: 'QLDB_STORE_IN_USE',
    });
    await first.module.close();
    await start({ store });
  });

  it('says so when the folder cannot be written to', async () => {
    const file = join(folder, 'file');
    await writeFile(file, '');
    await expect(start({ store: `file:${file}` })).rejects.toMatchObject({
      code: 'QLDB_STORE_UNWRITABLE',
    });
  });

  it('lazyConnection opens with the first statement', async () => {
    const lazy = join(folder, 'lazy');
    const { qldb } = await start({
      store: `file:${lazy}`,
      lazyConnection: true,
    });
    expect(existsSync(lazy)).toBe(false);
    expect(() => qldb.ledger).toThrow(LedgerNotHereError);
    await expect(qldb.listTables()).resolves.toEqual([]);
    expect(qldb.ledger.name).toBe('bank');
  });

  it('streams by pages, as of one moment if it is asked to', async () => {
    const { qldb } = await start();
    await qldb.execute('CREATE TABLE T');
    const rows = Array.from({ length: 1000 }, (_, n) => ({ n }));
    await qldb.execute('INSERT INTO T ?', rows);
    const statement = 'SELECT VALUE t.n FROM T AS t';
    const seen: number[] = [];
    for await (const n of qldb.stream<number>({
      statement,
      consistency: 'snapshot',
    })) {
      if (seen.push(n) === 1) await qldb.execute('INSERT INTO T ?', { n: -1 });
    }
    expect(seen.toSorted((a, b) => a - b)).toEqual(rows.map(({ n }) => n));
    // The same without a snapshot is in conflict, and its rows are not final.
    const read = async () => {
      let first = true;
      for await (const _ of qldb.stream(statement)) {
        if (first) await qldb.execute('INSERT INTO T ?', { n: -2 });
        first = false;
      }
    };
    await expect(read()).rejects.toMatchObject({ code: 'QLDB_OCC_CONFLICT' });
    const all = await lastValueFrom(qldb.stream(statement).pipe(toArray()));
    expect(all).toHaveLength(1002);
  });

  it('parallel work never shares a transaction', async () => {
    const { bank } = await start();
    await bank.open();
    await Promise.all(
      Array.from({ length: 10 }, () => bank.transfer('a', 'b', 1)),
    ).catch((error: unknown) => {
      // More conflicts than retries is no failure of this test; lost updates are.
      expect(error).toMatchObject({ code: 'QLDB_OCC_CONFLICT' });
    });
    const [a, b] = [await bank.balance('a'), await bank.balance('b')];
    expect(a + b).toBe(200);
  });
});
