import { Injectable } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { firstValueFrom, lastValueFrom, Observable, of, toArray } from 'rxjs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  getQldbToken,
  InjectQldb,
  NotTransactionalError,
  Propagation,
  PropagationError,
  Qldb,
  QldbOptionsError,
  ReadOnlyTransactionError,
  Transactional,
  TransactionEndedError,
} from '../../lib/nest/index.js';
import { RETRY, startApp, type TestApp } from './app.js';

@Injectable()
class Inner {
  constructor(@InjectQldb() private readonly qldb: Qldb) {}

  @Transactional()
  async required() {
    return this.qldb.execute('inner');
  }
  @Transactional({ propagation: Propagation.REQUIRES_NEW })
  async requiresNew() {
    return this.qldb.execute('inner');
  }
  @Transactional({ propagation: Propagation.SUPPORTS })
  async supports() {
    return this.qldb.execute('inner');
  }
  @Transactional({ propagation: Propagation.NOT_SUPPORTED })
  async notSupported() {
    return this.qldb.execute('inner');
  }
  @Transactional({ propagation: Propagation.MANDATORY })
  async mandatory() {
    return this.qldb.execute('inner');
  }
  @Transactional({ propagation: Propagation.NEVER })
  async never() {
    return this.qldb.execute('inner');
  }
  @Transactional({ retry: 2 })
  async withRetry() {
    return this.qldb.execute('inner');
  }
  @Transactional({ readOnly: true })
  async readOnly() {
    return this.qldb.execute('inner');
  }
  @Transactional({ readOnly: true })
  async writes(statement: string) {
    return this.qldb.execute(statement, 1);
  }
}

@Injectable()
class Outer {
  calls = 0;
  constructor(
    @InjectQldb() readonly qldb: Qldb,
    private readonly inner: Inner,
  ) {}

  @Transactional()
  async call(method: Exclude<keyof Inner, 'writes'>) {
    this.calls++;
    await this.qldb.execute('before');
    await this.inner[method]();
    return 'result';
  }

  @Transactional({ retry: RETRY })
  values(): Observable<number> {
    return new Observable((subscriber) => {
      void this.qldb.execute('observed').then(() => {
        subscriber.next(1);
        subscriber.next(2);
        subscriber.complete();
      });
    });
  }

  @Transactional()
  async undeclared() {
    return of(1);
  }

  @Transactional()
  async generator() {
    return (async function* () {
      yield 1;
    })();
  }

  @Transactional()
  async leaks(): Promise<{ late: () => Promise<unknown> }> {
    await this.qldb.execute('in time');
    const { qldb } = this;
    const { AsyncResource } = await import('node:async_hooks');
    const late = AsyncResource.bind(() => qldb.execute('late'));
    return { late };
  }
}

@Transactional()
class Base {
  @InjectQldb() readonly qldb!: Qldb;

  async run() {
    await this.qldb.execute('a');
    return this.helper();
  }
  async helper() {
    await this.qldb.execute('b');
    return 'done';
  }
  name() {
    return 'not async';
  }
  get accessor() {
    return 'accessor';
  }
}

@Injectable()
class Derived extends Base {}

describe('@Transactional() on providers', () => {
  let test: TestApp;
  let outer: Outer;
  let inner: Inner;
  const log = () => test.endpoint.take();

  beforeEach(async () => {
    test = await startApp({ providers: [Outer, Inner, Derived] });
    outer = test.get(Outer);
    inner = test.get(Inner);
  });
  afterEach(() => test.app.close());

  const alone = ['begin 1', '1: inner', 'commit 1'];
  const joined = ['begin 1', '1: before', '1: inner', 'commit 1'];
  const beside = [
    'begin 1',
    '1: before',
    'begin 2',
    '2: inner',
    'commit 2',
    'commit 1',
  ];

  it.each([
    ['required', joined, alone],
    ['requiresNew', beside, alone],
    ['supports', joined, alone],
    ['notSupported', beside, alone],
  ] as const)('%s', async (method, inside, outside) => {
    await inner[method]();
    expect(log()).toEqual(outside);
    await test.app.close();
    test = await startApp({ providers: [Outer, Inner, Derived] });
    await expect(test.get(Outer).call(method)).resolves.toBe('result');
    expect(log()).toEqual(inside);
  });

  it('MANDATORY joins, and refuses to run alone', async () => {
    await outer.call('mandatory');
    expect(log()).toEqual(joined);
    await expect(inner.mandatory()).rejects.toThrow(PropagationError);
    expect(log()).toEqual([]);
  });

  it('NEVER runs alone, and refuses to join', async () => {
    await inner.never();
    expect(log()).toEqual(alone);
    await expect(outer.call('never')).rejects.toThrow(PropagationError);
    expect(log()).toEqual(['begin 2', '2: before', 'abort 2']);
  });

  it('refuses options that a join would ignore', async () => {
    await inner.withRetry();
    await inner.readOnly();
    log();
    await expect(outer.call('withRetry')).rejects.toThrow(/sets retry, which/);
    await expect(outer.call('readOnly')).rejects.toThrow(/sets readOnly/);
  });

  it('retries as a whole, from where it began', async () => {
    test.endpoint.conflicts = 2;
    await outer.call('required');
    expect(outer.calls).toBe(3);
    expect(log()).toEqual([
      'begin 1',
      '1: before',
      '1: inner',
      'conflict 1',
      'begin 2',
      '2: before',
      '2: inner',
      'conflict 2',
      'begin 3',
      '3: before',
      '3: inner',
      'commit 3',
    ]);
  });

  it('spans an Observable, and emits after the commit', async () => {
    test.endpoint.conflicts = 1;
    const values = outer.values();
    expect(log()).toEqual([]);
    await expect(lastValueFrom(values.pipe(toArray()))).resolves.toEqual([
      1, 2,
    ]);
    expect(log()).toEqual([
      'begin 1',
      '1: observed',
      'conflict 1',
      'begin 2',
      '2: observed',
      'commit 2',
    ]);
    await expect(firstValueFrom(outer.values())).resolves.toBe(1);
  });

  it('refuses an Observable that is not declared, and an async iterable', async () => {
    await expect(outer.undeclared()).rejects.toThrow(
      /Outer\.undeclared\(\).*: Observable/s,
    );
    await expect(outer.generator()).rejects.toThrow(NotTransactionalError);
  });

  it('refuses work after the end of its transaction', async () => {
    const { late } = await outer.leaks();
    log();
    await expect(late()).rejects.toThrow(TransactionEndedError);
    expect(log()).toEqual([]);
  });

  it('covers the async methods of a class, and of what extends it', async () => {
    const derived = test.get(Derived);
    await expect(derived.run()).resolves.toBe('done');
    expect(log()).toEqual(['begin 1', '1: a', '1: b', 'commit 1']);
    expect(derived.name()).toBe('not async');
    expect(derived.accessor).toBe('accessor');
    expect(Derived.prototype.run.name).toBe('run');
  });

  it.each([
    'INSERT INTO T ?',
    ' -- a comment\n update T SET a = ?',
    '/* select */ DELETE FROM T WHERE a = ?',
    'FROM T WHERE a = ? SET b = 1',
    'DROP TABLE T',
  ])('readOnly refuses %s', async (statement) => {
    await expect(inner.writes(statement)).rejects.toThrow(
      ReadOnlyTransactionError,
    );
    expect(log()).toEqual(['begin 1', 'abort 1']);
  });

  it('readOnly lets queries pass', async () => {
    await inner.writes('SELECT * FROM T WHERE updated = ?');
    expect(log()).toContain('commit 1');
  });

  it('says what is missing when the object was not made by Nest', async () => {
    const stray = new Inner(outer.qldb);
    expect(() => stray.required()).toThrow(
      /Inner\.required\(\).*not made by Nest/,
    );
  });

  it('runs methods as they are over a test double', async () => {
    const double = { execute: async () => ['double'] };
    const module = await Test.createTestingModule({
      providers: [Inner, { provide: getQldbToken(), useValue: double }],
    }).compile();
    await expect(module.get(Inner).required()).resolves.toEqual(['double']);
  });

  it('refuses what it cannot do when it is written', () => {
    expect(() => Transactional({ propagation: 'NESTED' as 'NEVER' })).toThrow(
      /savepoints/,
    );
    expect(() => Transactional({ nmae: 'a' } as object)).toThrow(
      QldbOptionsError,
    );
    expect(() => {
      class Static {
        @Transactional()
        static async run() {}
      }
      return Static;
    }).toThrow(NotTransactionalError);
  });
});
