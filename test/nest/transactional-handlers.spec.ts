import { EventEmitter, once } from 'node:events';
import { get } from 'node:http';
import {
  Body,
  Controller,
  Get,
  Injectable,
  type NestInterceptor,
  Param,
  Post,
  Res,
  UseGuards,
  UseInterceptors,
  type CallHandler,
  type CanActivate,
  type ExecutionContext,
  type PipeTransform,
} from '@nestjs/common';
import { from, type Observable, of } from 'rxjs';
import { tap } from 'rxjs/operators';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  InjectQldb,
  Propagation,
  Qldb,
  Transactional,
} from '../../lib/nest/index.js';
import { startApp, type TestApp } from './app.js';

const events: string[] = [];

@Injectable()
class Guard implements CanActivate {
  canActivate() {
    events.push('guard');
    return true;
  }
}

@Injectable()
class Outer implements NestInterceptor {
  intercept(_: ExecutionContext, next: CallHandler): Observable<unknown> {
    return next.handle().pipe(tap(() => events.push('answer leaves')));
  }
}

class Pipe implements PipeTransform {
  transform(value: unknown) {
    events.push('pipe');
    return value;
  }
}

@Injectable()
class Accounts {
  constructor(@InjectQldb() private readonly qldb: Qldb) {}

  @Transactional()
  async debit(id: string): Promise<unknown[]> {
    await Promise.resolve();
    return this.qldb.execute('UPDATE Account SET n = n - 1 WHERE id = ?', id);
  }
}

// Nest runs the interceptors of a class from the lowest decorator up.
@Controller()
@Transactional()
@UseInterceptors(Outer)
class ByClass {
  constructor(
    @InjectQldb() private readonly qldb: Qldb,
    private readonly accounts: Accounts,
  ) {}

  @Get('plain/:id')
  @UseGuards(Guard)
  async plain(@Param('id', Pipe) id: string) {
    events.push('handler');
    await this.accounts.debit(id);
    await this.qldb.execute('SELECT 1');
    return { id };
  }

  @Get('fails')
  async fails() {
    await this.qldb.execute('SELECT 1');
    throw new Error('business');
  }

  @Get('nested/:depth')
  @Transactional({ propagation: Propagation.REQUIRES_NEW })
  async nested(@Param('depth') depth: string): Promise<object> {
    await this.qldb.execute(`level ${depth}`);
    return Number(depth) > 0 ? this.nested(String(Number(depth) - 1)) : {};
  }

  @Get('sync')
  sync() {
    return { sync: true };
  }

  @Get('outside')
  @Transactional({ propagation: Propagation.NOT_SUPPORTED })
  async outside() {
    await this.qldb.execute('SELECT 2');
    return {};
  }

  @Get('observable')
  observable(): Observable<unknown> {
    return from(this.qldb.execute('SELECT 3').then(() => ({ last: true })));
  }

  @Get('rows')
  rows() {
    return this.qldb.stream('SELECT rows');
  }

  @Get('cursor')
  async cursor() {
    return this.qldb.executeLambda((txn) => ({
      rows: txn.executeStatement('SELECT rows'),
    }));
  }

  @Get('generator')
  generator() {
    return (async function* () {
      yield 1;
    })();
  }

  @Post('fresh')
  @Transactional({ propagation: Propagation.REQUIRES_NEW, retry: 1 })
  async fresh(@Body() body: object) {
    await this.qldb.execute('SELECT 4');
    return body;
  }
}

@Controller('method')
class ByMethod {
  constructor(@InjectQldb() private readonly qldb: Qldb) {}

  @Get('tx')
  @Transactional()
  async tx() {
    await this.qldb.execute('A');
    await this.qldb.execute('B');
    return {};
  }

  @Transactional()
  @Get('above')
  async above() {
    await this.qldb.execute('A');
    return {};
  }

  /** Goes on once the client has gone. */
  @Get('waits')
  @Transactional()
  async waits(@Res({ passthrough: true }) response: EventEmitter) {
    await this.qldb.execute('A');
    await once(response, 'close');
    this.refused = this.qldb.execute('B').catch((error: unknown) => error);
    await this.refused;
  }
  refused: Promise<unknown> | undefined;

  @Get('none')
  async none() {
    await this.qldb.execute('A');
    await this.qldb.execute('B');
    return {};
  }

  @Get('passthrough')
  @Transactional()
  async passthrough(
    @Res({ passthrough: true }) res: { status(n: number): void },
  ) {
    await this.qldb.execute('A');
    res.status(202);
    return of({ done: true });
  }
}

describe('@Transactional() on handlers', () => {
  let test: TestApp;

  beforeEach(async () => {
    events.length = 0;
    test = await startApp({
      controllers: [ByClass, ByMethod],
      providers: [Accounts],
    });
  });
  afterEach(() => test.app.close());

  it('runs every handler of a class in one transaction, its services included', async () => {
    const response = await test.fetch('/plain/7');
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ id: '7' });
    expect(test.endpoint.take()).toEqual([
      'begin 1',
      '1: UPDATE Account SET n = n - 1 WHERE id = ?',
      '1: SELECT 1',
      'commit 1',
    ]);
    expect(events).toEqual(['guard', 'pipe', 'handler', 'answer leaves']);
  });

  it('runs pipes and handler again after a conflict, and answers once', async () => {
    test.endpoint.conflicts = 2;
    const response = await test.fetch('/plain/7');
    expect(response.status).toBe(200);
    expect(test.endpoint.take().filter((line) => !/^\d/.test(line))).toEqual([
      'begin 1',
      'conflict 1',
      'begin 2',
      'conflict 2',
      'begin 3',
      'commit 3',
    ]);
    expect(events).toEqual([
      'guard',
      'pipe',
      'handler',
      'pipe',
      'handler',
      'pipe',
      'handler',
      'answer leaves',
    ]);
  });

  it('gives up after the last retry, with the conflict itself', async () => {
    test.endpoint.conflicts = 99;
    const response = await test.fetch('/plain/7');
    expect(response.status).toBe(500);
    expect(
      test.endpoint.take().filter((line) => line.startsWith('conflict')),
    ).toHaveLength(5);
  });

  it('aborts, and does not retry, when the handler fails', async () => {
    expect((await test.fetch('/fails')).status).toBe(500);
    expect(test.endpoint.take()).toEqual(['begin 1', '1: SELECT 1', 'abort 1']);
  });

  it('takes handlers that are not async', async () => {
    expect(await (await test.fetch('/sync')).json()).toEqual({ sync: true });
    expect(test.endpoint.take()).toEqual(['begin 1', 'commit 1']);
  });

  it('lets a method say otherwise than its class', async () => {
    await test.fetch('/outside');
    expect(test.endpoint.take()).toEqual([
      'begin 1',
      '1: SELECT 2',
      'commit 1',
    ]);
    test.endpoint.conflicts = 99;
    const body = JSON.stringify({ a: 1 });
    const headers = { 'content-type': 'application/json' };
    await test.fetch('/fresh', { method: 'POST', body, headers });
    expect(test.endpoint.take()).toEqual([
      'begin 2',
      '2: SELECT 4',
      'conflict 2',
      'begin 3',
      '3: SELECT 4',
      'conflict 3',
    ]);
  });

  it('begins once for a handler, and again when the handler calls itself', async () => {
    await test.fetch('/nested/1');
    expect(test.endpoint.take()).toEqual([
      'begin 1',
      '1: level 1',
      'begin 2',
      '2: level 0',
      'commit 2',
      'commit 1',
    ]);
  });

  it('spans an Observable that a handler returns', async () => {
    expect(await (await test.fetch('/observable')).json()).toEqual({
      last: true,
    });
    expect(test.endpoint.take()).toEqual([
      'begin 1',
      '1: SELECT 3',
      'commit 1',
    ]);
  });

  it('reads rows that a handler returns inside their transaction', async () => {
    test.endpoint.pages.set('SELECT rows', [[{ n: 1 }], [{ n: 2 }]]);
    expect(await (await test.fetch('/rows')).json()).toEqual({ n: 2 });
    expect(test.endpoint.take()).toEqual([
      'begin 1',
      '1: SELECT rows',
      '1: page',
      'commit 1',
    ]);
  });

  it('refuses an async iterable, which would be read too late', async () => {
    expect((await test.fetch('/generator')).status).toBe(500);
    expect(test.endpoint.take()).toEqual(['begin 1', 'abort 1']);
  });

  it('works on single methods, in either order of decorators', async () => {
    await test.fetch('/method/tx');
    expect(test.endpoint.take()).toEqual([
      'begin 1',
      '1: A',
      '1: B',
      'commit 1',
    ]);
    expect((await test.fetch('/method/above')).status).toBe(200);
    expect(test.endpoint.take()).toEqual(['begin 2', '2: A', 'commit 2']);
  });

  it('leaves handlers without it alone: each statement is a transaction', async () => {
    await test.fetch('/method/none');
    expect(test.endpoint.take()).toEqual([
      'begin 1',
      '1: A',
      'commit 1',
      'begin 2',
      '2: B',
      'commit 2',
    ]);
  });

  it('allows a response that is passed through', async () => {
    const response = await test.fetch('/method/passthrough');
    expect(response.status).toBe(202);
    expect(await response.json()).toEqual({ done: true });
  });

  it('never shares a transaction between parallel requests', async () => {
    await Promise.all(
      Array.from({ length: 20 }, (_, n) => test.fetch(`/plain/${n}`)),
    );
    const log = test.endpoint.take();
    for (let transaction = 1; transaction <= 20; transaction++) {
      const own = log.filter(
        (line) =>
          line.startsWith(`${transaction}:`) ||
          /^(begin|commit) (\d+)$/.exec(line)?.[2] === String(transaction),
      );
      expect(own).toEqual([
        `begin ${transaction}`,
        `${transaction}: UPDATE Account SET n = n - 1 WHERE id = ?`,
        `${transaction}: SELECT 1`,
        `commit ${transaction}`,
      ]);
    }
  });

  it('aborts when the client goes away', async () => {
    const client = get(new URL('/method/waits', await test.app.getUrl()));
    client.on('error', () => undefined);
    const aborted = new Promise<void>((resolve) => {
      test.endpoint.before = (request) => {
        if (request.ExecuteStatement) client.destroy();
        if (request.AbortTransaction) resolve();
      };
    });
    await aborted;
    await vi.waitFor(() => expect(test.get(ByMethod).refused).toBeDefined());
    expect(await test.get(ByMethod).refused).toMatchObject({
      code: 'QLDB_TRANSACTION_ENDED',
    });
    expect(test.endpoint.take()).toEqual(['begin 1', '1: A', 'abort 1']);
  });
});
