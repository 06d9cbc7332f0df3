import { channel, tracingChannel } from 'node:diagnostics_channel';
import type { FailureKind } from './failure.js';
import { run, type Steps } from '../async/maybe-promise.js';
import type { ConsumedIOs, ProcessingTime } from './statistics.js';

/**
 * What the driver tells `node:diagnostics_channel`. Nothing is built while
 * nobody has subscribed. No message holds a parameter, a row or a token.
 *
 * | channel                              | one message for                      |
 * | ------------------------------------ | ------------------------------------ |
 * | `tracing:nestjs-qldb:transaction:*`  | each attempt to run a lambda         |
 * | `tracing:nestjs-qldb:statement:*`    | each statement, up to its first page |
 * | `nestjs-qldb:page`                   | each page that arrives               |
 * | `nestjs-qldb:row`                    | each row that is handed out          |
 * | `nestjs-qldb:retry`                  | each retry, before its delay         |
 *
 * The first two are tracing channels (`tracingChannel('nestjs-qldb:transaction')`),
 * with `start`, `end`, `asyncStart`, `asyncEnd` and `error`: what an
 * OpenTelemetry instrumentation makes its spans of.
 */
export const channels = {
  transaction: tracingChannel<unknown, TransactionMessage>(
    'nestjs-qldb:transaction',
  ),
  statement: tracingChannel<unknown, StatementMessage>('nestjs-qldb:statement'),
  page: channel('nestjs-qldb:page'),
  row: channel('nestjs-qldb:row'),
  retry: channel('nestjs-qldb:retry'),
};

/** Context of the transaction channel; filled in while the attempt runs. */
export interface TransactionMessage {
  readonly ledgerName: string;
  /** 0 for the first attempt of a lambda, then 1 for its first retry … */
  readonly attempt: number;
  /** Absent until the transaction has begun. */
  transactionId?: string;
  /** Totals of the transaction; present when it has ended. */
  consumedIOs?: ConsumedIOs | undefined;
  processingTime?: ProcessingTime | undefined;
}

/** Context of the statement channel. */
export interface StatementMessage {
  readonly ledgerName: string;
  readonly transactionId: string;
  /** Text of the statement, with its `?` as they are. */
  readonly statement: string;
  readonly parameterCount: number;
  /** Present when the ledger has answered. */
  firstPage?: PageMessage;
}

/** Message of the page channel. */
export interface PageMessage {
  readonly transactionId: string;
  /** How many rows the page has. */
  readonly rows: number;
  readonly consumedIOs: ConsumedIOs | undefined;
  readonly processingTime: ProcessingTime | undefined;
}

/** Message of the row channel. */
export interface RowMessage {
  readonly transactionId: string;
  /** Which row of its result, counted from 0. */
  readonly row: number;
}

/** Message of the retry channel. */
export interface RetryMessage {
  readonly ledgerName: string;
  readonly attempt: number;
  readonly kind: FailureKind;
  readonly error: unknown;
  readonly transactionId: string | undefined;
  /** Milliseconds. */
  readonly delay: number;
}

/**
 * Runs `work` inside a tracing channel if anybody listens. What it comes to is
 * not told: that is rows, and tokens of pages.
 */
export function* traced<C extends object, T>(
  tracing: ReturnType<typeof tracingChannel<unknown, C>>,
  context: () => C,
  work: (context: C | undefined) => Steps<T>,
): Steps<T> {
  // `hasSubscribers` of tracing channels came with Node 20.13; its type says
  // nothing of that, hence no optional chaining.
  if (!tracing.hasSubscribers) return yield* work(undefined);
  const message = context();
  let value: T | undefined;
  yield tracing.tracePromise(async () => {
    value = await run(work(message));
  }, message);
  return value as T;
}
