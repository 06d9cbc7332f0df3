import {
  type ArgumentsHost,
  Catch,
  HttpException,
  HttpStatus,
} from '@nestjs/common';
import { BaseExceptionFilter } from '@nestjs/core';

/**
 * HTTP statuses by error code. What is not here is a fault of the application,
 * and stays a 500.
 */
const STATUS: Readonly<Record<string, HttpStatus>> = {
  // The request itself cannot be done.
  QLDB_PARAMETER: HttpStatus.BAD_REQUEST,
  // Somebody else was first, and retrying did not help.
  QLDB_OCC_CONFLICT: HttpStatus.CONFLICT,
  // The ledger is busy, or away: the same request may succeed later.
  QLDB_SESSION_POOL_EMPTY: HttpStatus.SERVICE_UNAVAILABLE,
  QLDB_DRIVER_CLOSED: HttpStatus.SERVICE_UNAVAILABLE,
  QLDB_LIMIT_EXCEEDED: HttpStatus.SERVICE_UNAVAILABLE,
  QLDB_RATE_EXCEEDED: HttpStatus.SERVICE_UNAVAILABLE,
  QLDB_CAPACITY_EXCEEDED: HttpStatus.SERVICE_UNAVAILABLE,
  QLDB_INVALID_SESSION: HttpStatus.SERVICE_UNAVAILABLE,
  QLDB_TRANSACTION_TIMEOUT: HttpStatus.SERVICE_UNAVAILABLE,
  // Not to be repeated blindly: it may have been done.
  QLDB_COMMIT_OUTCOME_UNKNOWN: HttpStatus.SERVICE_UNAVAILABLE,
};

/** What a client is told; the details are the log's. */
const MESSAGE: Readonly<Record<string, string>> = {
  QLDB_PARAMETER: 'A value of the request cannot be stored in the ledger.',
  QLDB_OCC_CONFLICT:
    'Other requests kept changing the same documents. Send the request again.',
  QLDB_COMMIT_OUTCOME_UNKNOWN:
    'It is unknown whether the request took effect. Look before you send it again.',
};

/**
 * Answers failures of a ledger with a fitting HTTP status, with the error's
 * stable `code` as `error`. Every other exception is left to Nest.
 *
 * @example
 * ```ts
 * providers: [{ provide: APP_FILTER, useClass: QldbExceptionFilter }]
 * ```
 */
@Catch()
export class QldbExceptionFilter extends BaseExceptionFilter {
  override catch(exception: unknown, host: ArgumentsHost): void {
    // Outside of HTTP there is no status to give.
    if (host.getType<string>() !== 'http') throw exception;
    super.catch(toHttpException(exception) ?? exception, host);
  }
}

/** The answer to a failure of a ledger; undefined for every other exception. */
export function toHttpException(exception: unknown): HttpException | undefined {
  if (!(exception instanceof Error) || !('code' in exception)) return undefined;
  const code = String(exception.code);
  const status = STATUS[code];
  if (status === undefined) return undefined;
  return new HttpException(
    {
      statusCode: status,
      error: code,
      message: MESSAGE[code] ?? 'The ledger cannot take the request just now.',
    },
    status,
    { cause: exception },
  );
}
