import {
  context,
  diag,
  DiagLogLevel,
  SpanKind,
  SpanStatusCode,
  trace,
  type Tracer,
} from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { channels } from '../../lib/driver/diagnostics.js';
import { PooledQldbDriver } from '../../lib/driver/index.js';
import { openLedger } from '../../lib/ledger/index.js';
import {
  traceQldb,
  type TracingHandle,
} from '../../lib/opentelemetry/index.js';
import { OccConflictException } from '../../lib/session/exceptions.js';
import { FaultEndpoint } from '../../lib/testing/fault-endpoint.js';
import { errorOf, Gate, turns } from '../driver/support.js';
import { AsyncContextManager, recordingProvider } from './support.js';

const ledger = await openLedger({ name: 'bank', store: 'memory:' });
const faults = new FaultEndpoint(ledger.sessions);
const driver = new PooledQldbDriver({
  ledgerName: 'bank',
  endpoint: faults,
  retry: { backoff: () => 0 },
});
await driver.executeStatement('CREATE TABLE Account');
await driver.executeStatement('INSERT INTO Account ?', {
  Owner: 'SECRET row',
  Balance: 10,
});

const SELECT = 'SELECT * FROM Account WHERE Balance = ?';
const listenerCounts = () => [
  channels.transaction.hasSubscribers,
  channels.statement.hasSubscribers,
  channels.retry.hasSubscribers,
];

let recording: ReturnType<typeof recordingProvider>;
let handle: TracingHandle;

beforeEach(() => {
  context.setGlobalContextManager(new AsyncContextManager());
  recording = recordingProvider();
  handle = traceQldb({ tracerProvider: recording.provider });
});
afterEach(() => {
  handle();
  faults.clear();
  context.disable();
  trace.disable();
  diag.disable();
});

const named = (name: string): ReadableSpan[] =>
  recording.finished().filter((span) => span.name === name);

function only(name: string): ReadableSpan {
  const spans = named(name);
  expect(spans).toHaveLength(1);
  return spans[0];
}

const idOf = (span: ReadableSpan) => span.spanContext().spanId;
const parentOf = (span: ReadableSpan) => span.parentSpanContext?.spanId;

/** Runs `work` while a span of the application is active. */
async function inSpan<T>(name: string, work: () => Promise<T>): Promise<T> {
  const tracer = recording.provider.getTracer('application');
  return tracer.startActiveSpan(name, async (span) => {
    try {
      return await work();
    } finally {
      span.end();
    }
  });
}

describe('traceQldb', () => {
  it('makes a span of a transaction and of its statements, below the active one', async () => {
    const id = await inSpan('request', () =>
      driver.executeLambda(async (txn) => {
        expect(await txn.execute(SELECT, 10)).toHaveLength(1);
        await txn.execute('UPDATE Account SET Balance = ?', 10);
        return txn.transactionId;
      }),
    );
    const transaction = only('qldb.transaction');
    expect(parentOf(transaction)).toBe(idOf(only('request')));
    expect(transaction).toMatchObject({
      kind: SpanKind.CLIENT,
      status: { code: SpanStatusCode.UNSET },
      instrumentationScope: { name: 'nestjs-qldb' },
    });
    expect(transaction.attributes).toEqual({
      'db.system.name': 'aws.qldb',
      'db.namespace': 'bank',
      'qldb.transaction.attempt': 0,
      'qldb.transaction.id': id,
      'qldb.read_ios': expect.any(Number),
      'qldb.write_ios': expect.any(Number),
      'qldb.processing_time_ms': expect.any(Number),
    });
    const [select, update] = named('qldb.execute');
    for (const statement of [select, update]) {
      expect(parentOf(statement)).toBe(idOf(transaction));
      expect(statement.kind).toBe(SpanKind.CLIENT);
      expect(statement.status.code).toBe(SpanStatusCode.UNSET);
    }
    expect(select.attributes).toMatchObject({
      'db.system.name': 'aws.qldb',
      'db.namespace': 'bank',
      'db.query.text': SELECT,
      'db.operation.name': 'SELECT',
      'db.response.returned_rows': 1,
      'qldb.transaction.id': id,
      'qldb.read_ios': expect.any(Number),
      'qldb.processing_time_ms': expect.any(Number),
    });
    expect(update.attributes['db.operation.name']).toBe('UPDATE');
  });

  it('makes a span of each attempt, and an event of each retry', async () => {
    faults.inject({
      command: 'CommitTransaction',
      error: () => new OccConflictException('SECRET'),
    });
    const ids: string[] = [];
    await inSpan('request', () =>
      driver.executeLambda(async (txn) => {
        ids.push(txn.transactionId);
        await txn.execute(SELECT, 10);
      }),
    );
    const request = only('request');
    const [first, second] = named('qldb.transaction');
    expect([parentOf(first), parentOf(second)]).toEqual([
      idOf(request),
      idOf(request),
    ]);
    expect(first.status).toEqual({ code: SpanStatusCode.ERROR });
    expect(first.attributes).toMatchObject({
      'qldb.transaction.attempt': 0,
      'qldb.transaction.id': ids[0],
      'error.type': 'QLDB_OCC_CONFLICT',
    });
    expect(second.status.code).toBe(SpanStatusCode.UNSET);
    expect(second.attributes).toMatchObject({
      'qldb.transaction.attempt': 1,
      'qldb.transaction.id': ids[1],
    });
    expect(named('qldb.execute').map(parentOf)).toEqual([
      idOf(first),
      idOf(second),
    ]);
    expect(request.events).toMatchObject([
      {
        name: 'qldb.retry',
        attributes: {
          'db.namespace': 'bank',
          'qldb.transaction.id': ids[0],
          'qldb.transaction.attempt': 1,
          'qldb.retry.kind': 'occ-conflict',
          'qldb.retry.delay_ms': 0,
          'error.type': 'QLDB_OCC_CONFLICT',
        },
      },
    ]);
  });

  it('keeps transactions apart that run at once, one inside the other too', async () => {
    const gate = new Gate();
    await driver.executeLambda(async (outer) => {
      const other = driver.executeLambda(async (txn) => {
        await gate.opened;
        await txn.execute('SELECT * FROM Account WHERE Owner = ?', 'inner');
        await outer.execute('SELECT * FROM Account WHERE Owner = ?', 'outer');
        return txn.transactionId;
      });
      await turns();
      gate.open();
      await other;
    });
    const attempts = named('qldb.transaction');
    const statements = named('qldb.execute');
    expect(statements).toHaveLength(2);
    for (const statement of statements) {
      const id = statement.attributes['qldb.transaction.id'];
      const attempt = attempts.find(
        ({ attributes }) => attributes['qldb.transaction.id'] === id,
      );
      expect(parentOf(statement)).toBe(attempt && idOf(attempt));
    }
    expect(new Set(statements.map(parentOf)).size).toBe(2);
  });

  it('puts statements of an explicit transaction below the active span', async () => {
    await inSpan('request', async () => {
      await using session = await driver.getSession();
      await using transaction = await session.startTransaction();
      await transaction.execute(SELECT, 10);
      await transaction.commit();
    });
    expect(parentOf(only('qldb.execute'))).toBe(idOf(only('request')));
    expect(only('qldb.execute').attributes['db.namespace']).toBe('bank');
  });

  it('says of a refused statement which error it was, in both spans', async () => {
    await errorOf(
      driver.executeLambda((txn) => txn.execute('SELECT * FROM Nowhere')),
    );
    for (const name of ['qldb.execute', 'qldb.transaction']) {
      expect(only(name).status).toEqual({ code: SpanStatusCode.ERROR });
      expect(only(name).attributes).toMatchObject({
        'error.type': 'QLDB_BAD_REQUEST',
        'db.response.status_code': expect.stringMatching(/^\d+$/),
      });
    }
  });

  it.each([
    [new RangeError('SECRET'), 'RangeError'],
    ['SECRET', 'string'],
    [undefined, 'undefined'],
  ])('says of what a lambda throws its kind: %s', async (thrown, kind) => {
    await driver
      .executeLambda(() => {
        throw thrown;
      })
      .catch(() => undefined);
    const { attributes, status, events } = only('qldb.transaction');
    expect(attributes['error.type']).toBe(kind);
    expect(status).toEqual({ code: SpanStatusCode.ERROR });
    expect(events).toEqual([]);
  });

  it('says no parameter, row, literal, token or message', async () => {
    faults.inject({
      command: 'CommitTransaction',
      error: () => new OccConflictException('SECRET'),
    });
    await inSpan('request', () =>
      driver.executeLambda(async (txn) => {
        await txn.execute('SELECT * FROM Account');
        await txn.execute(
          'SELECT * FROM Account WHERE Owner = ?',
          'SECRET parameter',
        );
        await txn.execute("SELECT * FROM Account WHERE Owner = 'SECRET'");
        await errorOf(txn.execute("SELECT 'SECRET' FROM"));
      }),
    );
    const told = recording
      .finished()
      .map(({ name, attributes, events, status }) => ({
        name,
        attributes,
        events,
        status,
      }));
    expect(told).toHaveLength(11);
    expect(JSON.stringify(told)).not.toContain('SECRET');
  });

  it('takes the global provider by default, also one that comes later', async () => {
    handle();
    handle = traceQldb();
    trace.setGlobalTracerProvider(recording.provider);
    await driver.executeLambda(() => 1);
    only('qldb.transaction');
  });

  it('is on once, however often it is called', async () => {
    expect(traceQldb()).toBe(handle);
    await driver.executeLambda(() => 1);
    only('qldb.transaction');
  });

  it('is off after the handle was called or disposed of, and on again after another call', async () => {
    expect(listenerCounts()).toEqual([true, true, true]);
    handle();
    handle();
    expect(listenerCounts()).toEqual([false, false, false]);
    await driver.executeLambda(() => 1);
    expect(recording.finished()).toEqual([]);
    const stopped = handle;
    {
      using again = traceQldb({ tracerProvider: recording.provider });
      expect(again).not.toBe(stopped);
      stopped();
      expect(traceQldb()).toBe(again);
      await driver.executeLambda(() => 1);
      only('qldb.transaction');
    }
    expect(listenerCounts()).toEqual([false, false, false]);
  });

  it('ends the spans of what still runs when it is switched off', async () => {
    await driver.executeLambda(async (txn) => {
      await txn.execute(SELECT, 10);
      handle();
      only('qldb.transaction');
      await txn.execute(SELECT, 10);
    });
    expect(recording.finished()).toHaveLength(2);
  });

  it.each(['startSpan', 'setAttributes'])(
    'a tracer whose %s throws has no effect on the work',
    async (method) => {
      handle();
      const lost: unknown[] = [];
      const log = () => undefined;
      diag.setLogger(
        {
          error: (_message, error) => void lost.push(error),
          warn: log,
          info: log,
          debug: log,
          verbose: log,
        },
        DiagLogLevel.ERROR,
      );
      const failure = new Error('tracer');
      const real = recording.provider.getTracer('real');
      const fail = () => {
        throw failure;
      };
      const tracer = {
        startSpan: (...args: Parameters<Tracer['startSpan']>) =>
          method === 'startSpan'
            ? fail()
            : Object.assign(real.startSpan(...args), { [method]: fail }),
        startActiveSpan: fail,
      };
      handle = traceQldb({ tracerProvider: { getTracer: () => tracer } });
      expect(
        await driver.executeLambda((txn) => txn.execute(SELECT, 10)),
      ).toHaveLength(1);
      await turns();
      expect(lost).toEqual([failure, failure]);
    },
  );
});
