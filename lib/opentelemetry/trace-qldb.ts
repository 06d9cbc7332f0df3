import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import {
  type Attributes,
  context,
  diag,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
  type TracerProvider,
} from '@opentelemetry/api';
import {
  channels,
  type RetryMessage,
  type StatementMessage,
  type TransactionMessage,
} from '../driver/diagnostics.js';
import type { ConsumedIOs, ProcessingTime } from '../driver/index.js';
import { operationName, queryText } from './query-text.js';

/** Options of {@link traceQldb}. */
export interface TraceQldbOptions {
  /** Where the tracer comes from. Default: the global provider, which may be registered later. */
  readonly tracerProvider?: TracerProvider;
}

/** Ends the tracing, as a function or as a disposable. Idempotent. */
export type TracingHandle = (() => void) & Disposable;

let running: TracingHandle | undefined;

/**
 * Makes OpenTelemetry spans of what every driver of this process does, from now on.
 *
 * - `qldb.transaction`: one for each attempt to run a lambda, below the span
 *   that is active where the lambda was given to the driver.
 * - `qldb.execute`: one for each statement, up to its first page, below its
 *   attempt. In a transaction of `QldbSession.startTransaction()`, below the
 *   span that is active.
 * - `qldb.retry`: an event of the span that is active around the attempts.
 *
 * No span holds a parameter, a row, a token or the message of an error.
 * Called again while it runs, it does nothing and returns the same handle.
 * A tracer that throws loses its span; the work goes on.
 *
 * @example
 * ```ts
 * traceQldb();
 * ```
 *
 * @see https://opentelemetry.io/docs/specs/semconv/db/database-spans/
 */
export function traceQldb(options: TraceQldbOptions = {}): TracingHandle {
  running ??= start((options.tracerProvider ?? trace).getTracer('nestjs-qldb'));
  return running;
}

function start(tracer: ReturnType<TracerProvider['getTracer']>): TracingHandle {
  const attempts = new Map<TransactionMessage, Span>();
  const statements = new Map<StatementMessage, Span>();

  /** At most as many attempts run as the pools have sessions. */
  const attemptOf = (transactionId: string): Span | undefined => {
    for (const [message, span] of attempts) {
      if (message.transactionId === transactionId) return span;
    }
    return undefined;
  };

  const begin = (name: string, attributes: Attributes, parent?: Span): Span => {
    const active = context.active();
    return tracer.startSpan(
      name,
      { kind: SpanKind.CLIENT, attributes },
      parent ? trace.setSpan(active, parent) : active,
    );
  };

  const listeners = [
    listener(channels.transaction.start, (message: TransactionMessage) => {
      const attributes = {
        ...ledgerAttributes(message),
        'qldb.transaction.attempt': message.attempt,
      };
      attempts.set(message, begin('qldb.transaction', attributes));
    }),
    listener(channels.transaction.asyncEnd, (message: TransactionMessage) => {
      end(attempts, message, {
        ...transactionAttributes(message),
        ...costAttributes(message),
      });
    }),
    listener(channels.statement.start, (message: StatementMessage) => {
      const { statement, parameterCount, transactionId } = message;
      const attributes = {
        ...ledgerAttributes(message),
        ...transactionAttributes(message),
        'db.query.text': queryText(statement, parameterCount),
        'db.operation.name': operationName(statement),
      };
      const parent = attemptOf(transactionId);
      statements.set(message, begin('qldb.execute', attributes, parent));
    }),
    listener(channels.statement.asyncEnd, (message: StatementMessage) => {
      end(statements, message, {
        'db.response.returned_rows': message.firstPage?.rows,
        ...costAttributes(message.firstPage),
      });
    }),
    listener(channels.retry, (message: RetryMessage) => {
      trace.getActiveSpan()?.addEvent('qldb.retry', {
        ...ledgerAttributes(message),
        ...transactionAttributes(message),
        ...errorAttributes(message.error),
        'qldb.transaction.attempt': message.attempt,
        'qldb.retry.kind': message.kind,
        'qldb.retry.delay_ms': message.delay,
      });
    }),
  ];
  for (const { name, listen } of listeners) subscribe(name, listen);

  const stop = (): void => {
    if (running !== handle) return;
    running = undefined;
    for (const { name, listen } of listeners) unsubscribe(name, listen);
    // Nobody is left to end these.
    for (const span of [...statements.values(), ...attempts.values()]) {
      harmlessly(() => span.end());
    }
  };
  const handle = Object.assign(stop, { [Symbol.dispose]: stop });
  return handle;
}

function listener<M>(
  channel: { readonly name: string | symbol },
  onMessage: (message: M) => void,
) {
  return {
    name: channel.name,
    listen: (message: unknown) => harmlessly(() => onMessage(message as M)),
  };
}

/** Node ends the process for a listener that throws; tracing is not worth that. */
function harmlessly(work: () => void): void {
  try {
    work();
  } catch (error) {
    diag.error('nestjs-qldb: a span is lost', error);
  }
}

function end<M extends object>(
  spans: Map<M, Span>,
  message: M,
  attributes: Attributes,
): void {
  const span = spans.get(message);
  spans.delete(message);
  if (!span) return;
  span.setAttributes(attributes);
  // Node adds the error to the message of a tracing channel.
  if ('error' in message) {
    span.setAttributes(errorAttributes(message.error));
    // No description: the message of an error may quote a value.
    span.setStatus({ code: SpanStatusCode.ERROR });
  }
  span.end();
}

function ledgerAttributes({ ledgerName }: { readonly ledgerName: string }) {
  return { 'db.system.name': 'aws.qldb', 'db.namespace': ledgerName };
}

function transactionAttributes(message: {
  readonly transactionId?: string | undefined;
}) {
  return { 'qldb.transaction.id': message.transactionId };
}

function costAttributes(
  cost:
    | {
        readonly consumedIOs?: ConsumedIOs | undefined;
        readonly processingTime?: ProcessingTime | undefined;
      }
    | undefined,
) {
  return {
    'qldb.read_ios': cost?.consumedIOs?.readIOs,
    'qldb.write_ios': cost?.consumedIOs?.writeIOs,
    'qldb.processing_time_ms': cost?.processingTime?.processingTimeMilliseconds,
  };
}

/** The kind of an error, by its stable code if it has one. */
function errorAttributes(error: unknown): Attributes {
  if (!(error instanceof Error)) return { 'error.type': typeof error };
  const { code, Code } = error as { code?: unknown; Code?: unknown };
  return {
    'error.type': typeof code === 'string' ? code : error.name,
    // QLDB's own number for what is wrong with a statement.
    'db.response.status_code': typeof Code === 'string' ? Code : undefined,
  };
}
