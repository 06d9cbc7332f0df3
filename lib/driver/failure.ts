import {
  BadRequestException,
  CapacityExceededException,
  InvalidSessionException,
  LimitExceededException,
  NotCommittedException,
  OccConflictException,
  QldbSessionException,
  RateExceededException,
} from '../session/exceptions.js';
import type { CommandName } from '../session/endpoint.js';
import {
  CommitOutcomeUnknownError,
  QldbDriverError,
  TransportError,
} from './driver-errors.js';

/**
 * What kind of failure ended a command; what a retry policy decides by.
 *
 * | kind                  | what happened                                            |
 * | --------------------- | -------------------------------------------------------- |
 * | `occ-conflict`        | another transaction changed what this one read or wrote  |
 * | `session-lost`        | the service no longer knows the session                  |
 * | `transaction-expired` | the transaction was open for too long                    |
 * | `throttled`           | rate, limit or capacity exceeded                         |
 * | `unavailable`         | the service failed (HTTP 5xx)                            |
 * | `transport`           | no usable reply: a lost connection, a time-out           |
 * | `commit-unknown`      | the same, or HTTP 5xx, in answer to a commit             |
 * | `rejected`            | the request is wrong or not allowed                      |
 * | `cancelled`           | a signal or a time limit of the caller                   |
 */
export type FailureKind =
  | 'occ-conflict'
  | 'session-lost'
  | 'transaction-expired'
  | 'throttled'
  | 'unavailable'
  | 'transport'
  | 'commit-unknown'
  | 'rejected'
  | 'cancelled';

/** The service's wording for a transaction that was open for too long; the class alone does not tell it from a lost session. */
const TRANSACTION_EXPIRED = /^Transaction .* has expired/;

/** The kind of what `endpoint.sendCommand` threw in answer to `command`. Never throws. */
export function classifyFailure(
  error: unknown,
  command: CommandName,
): FailureKind {
  if (error instanceof CommitOutcomeUnknownError) return 'commit-unknown';
  if (error instanceof QldbDriverError && !(error instanceof TransportError)) {
    return 'rejected';
  }
  if (!(error instanceof QldbSessionException)) {
    return command === 'CommitTransaction' ? 'commit-unknown' : 'transport';
  }
  if (error instanceof OccConflictException) return 'occ-conflict';
  if (error instanceof InvalidSessionException) {
    return TRANSACTION_EXPIRED.test(error.message)
      ? 'transaction-expired'
      : 'session-lost';
  }
  if (error instanceof BadRequestException) return 'rejected';
  if (
    error instanceof RateExceededException ||
    error instanceof LimitExceededException
  ) {
    return 'throttled';
  }
  if (error instanceof NotCommittedException) return 'throttled';
  const status = error.$metadata.httpStatusCode;
  if (status === 429) return 'throttled';
  if (status >= 500 && command === 'CommitTransaction') return 'commit-unknown';
  if (error instanceof CapacityExceededException) return 'throttled';
  return status >= 500 ? 'unavailable' : 'rejected';
}

/** The error itself, then what it says caused it, and so on: a user may wrap what the driver threw. */
export function* causes(error: unknown): Iterable<object> {
  // The bound ends chains that bite their own tail.
  for (let depth = 0; depth < 16; depth++) {
    if (typeof error !== 'object' || error === null) return;
    yield error;
    error = (error as { cause?: unknown }).cause;
  }
}
