import {
  type ArgumentsHost,
  Controller,
  Get,
  HttpException,
  Logger,
  Param,
} from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { lastValueFrom, type Observable } from 'rxjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  InjectQldb,
  NotTransactionalError,
  Qldb,
  QldbExceptionFilter,
  toHttpException,
} from '../../lib/nest/index.js';
import { OccConflictException } from '../../lib/session/index.js';
import { startApp, type TestApp } from './app.js';

@Controller()
class Failing {
  constructor(@InjectQldb() private readonly qldb: Qldb) {}

  @Get('conflict')
  conflict() {
    return this.qldb.execute('SELECT 1');
  }

  @Get('unknown')
  unknown() {
    return this.qldb.execute('SELECT secret');
  }

  @Get('parameter')
  parameter() {
    return this.qldb.execute('SELECT ?', { bad: new WeakMap() });
  }

  @Get('http/:status')
  http(@Param('status') status: string) {
    throw new HttpException('own', Number(status));
  }

  @Get('bug')
  bug() {
    throw new TypeError('a bug');
  }
}

describe('QldbExceptionFilter', () => {
  let test: TestApp;
  const answer = async (path: string) => {
    const response = await test.fetch(path);
    return [response.status, await response.json()] as const;
  };

  beforeAll(async () => {
    test = await startApp({
      controllers: [Failing],
      providers: [{ provide: APP_FILTER, useClass: QldbExceptionFilter }],
    });
  });
  afterAll(() => test.app.close());

  it('answers 409 when retrying did not help', async () => {
    test.endpoint.conflicts = 5;
    expect(await answer('/conflict')).toEqual([
      409,
      {
        statusCode: 409,
        error: 'QLDB_OCC_CONFLICT',
        message: expect.stringContaining('Send the request again') as string,
      },
    ]);
  });

  it('answers 503 when the outcome is unknown, and says not to repeat', async () => {
    test.endpoint.before = (request) => {
      if (request.CommitTransaction) throw new Error('lost');
    };
    const [status, body] = await answer('/unknown');
    test.endpoint.before = () => undefined;
    expect(status).toBe(503);
    expect(body).toMatchObject({ error: 'QLDB_COMMIT_OUTCOME_UNKNOWN' });
  });

  it('answers 400 for a value that is no Ion', async () => {
    expect(await answer('/parameter')).toMatchObject([
      400,
      { error: 'QLDB_PARAMETER' },
    ]);
  });

  it('leaves everything else to Nest', async () => {
    expect(await answer('/http/418')).toMatchObject([418, { message: 'own' }]);
    expect((await answer('/bug'))[0]).toBe(500);
  });

  it('keeps the failure as the cause', () => {
    const failure = Object.assign(new Error('x'), {
      code: 'QLDB_OCC_CONFLICT',
    });
    expect(toHttpException(failure)?.cause).toBe(failure);
    expect(toHttpException(new Error('x'))).toBeUndefined();
    expect(toHttpException('text')).toBeUndefined();
  });

  describe('outside of HTTP', () => {
    const conflict = new OccConflictException('conflict');
    const bug = new NotTransactionalError('bug');
    const catchIn = (type: string, exception: Error, client: object = {}) => {
      const filter = new QldbExceptionFilter();
      const host = {
        getType: () => type,
        switchToWs: () => ({ getClient: () => client }),
      };
      return filter.catch(exception, host as unknown as ArgumentsHost);
    };
    const answer = {
      status: 'error',
      code: 'QLDB_OCC_CONFLICT',
      message: expect.stringContaining('Send the request again') as string,
    };
    const internal = { status: 'error', message: 'Internal server error' };

    beforeAll(() => Logger.overrideLogger(false));

    it('a microservice gets an error that it can send', async () => {
      const of = (exception: Error) =>
        lastValueFrom(catchIn('rpc', exception) as Observable<unknown>);
      await expect(of(conflict)).rejects.toEqual(answer);
      await expect(of(bug)).rejects.toEqual(internal);
    });

    it('a WebSocket client gets an event', () => {
      const sent: unknown[] = [];
      const io = { emit: (...event: unknown[]) => sent.push(event) };
      catchIn('ws', conflict, io);
      const ws = {
        readyState: 1,
        emit: () => sent.push('lost'),
        send: (text: string) => sent.push(JSON.parse(text)),
      };
      catchIn('ws', bug, ws);
      expect(sent).toEqual([
        ['exception', answer],
        { event: 'exception', data: internal },
      ]);
    });

    it('a resolver gets the exception of HTTP', () => {
      expect(catchIn('graphql', conflict)).toBeInstanceOf(HttpException);
      expect(catchIn('graphql', bug)).toBe(bug);
    });
  });
});
