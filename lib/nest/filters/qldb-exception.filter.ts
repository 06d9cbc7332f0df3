import {
  type ArgumentsHost,
  Catch,
  HttpException,
  HttpStatus,
  Logger,
} from '@nestjs/common';
import { BaseExceptionFilter } from '@nestjs/core';
import { throwError } from 'rxjs';
import { QldbDriverError } from '../../driver/index.js';
import { QldbSessionException } from '../../session/index.js';
import { QldbNestError } from '../errors/qldb-nest.error.js';

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
 * Answers failures of a ledger so that a client can act on them, with the
 * error's stable `code`. Every other exception is left to Nest.
 *
 * - HTTP: a fitting status, `code` as `error`
 * - microservices: the error `{ status: 'error', code, message }`
 * - WebSocket: the event `exception` with the same
 * - elsewhere (GraphQL): the `HttpException` that HTTP would get
 *
 * @example
 * ```ts
 * providers: [{ provide: APP_FILTER, useClass: QldbExceptionFilter }]
 * ```
 */
@Catch(QldbSessionException, QldbDriverError, QldbNestError)
export class QldbExceptionFilter extends BaseExceptionFilter {
  readonly #logger = new Logger(QldbExceptionFilter.name);

  override catch(exception: Error, host: ArgumentsHost): unknown {
    const known = toHttpException(exception);
    const type = host.getType<string>();
    if (type === 'http') return super.catch(known ?? exception, host);
    if (type !== 'rpc' && type !== 'ws') return known ?? exception;
    if (!known) this.#logger.error(exception);
    const answer = {
      status: 'error',
      ...(known
        ? { code: codeOf(exception), message: known.message }
        : { message: 'Internal server error' }),
    };
    if (type === 'rpc') return throwError(() => answer);
    emit(host.switchToWs().getClient<WsClient>(), answer);
    return undefined;
  }
}

/** A client of socket.io, or of the `ws` package. */
interface WsClient {
  readonly readyState?: number;
  emit(event: string, data: object): unknown;
  send?(text: string): unknown;
}

function emit(client: WsClient, data: object): void {
  // A client of `ws` has states; its emit() would never leave this process.
  if (client.readyState === undefined) client.emit('exception', data);
  else client.send?.(JSON.stringify({ event: 'exception', data }));
}

/** The answer to a failure of a ledger; undefined for every other exception. */
export function toHttpException(exception: unknown): HttpException | undefined {
  const code = codeOf(exception);
  const status = code === undefined ? undefined : STATUS[code];
  if (code === undefined || status === undefined) return undefined;
  const message =
    MESSAGE[code] ?? 'The ledger cannot take the request just now.';
  return new HttpException(
    { statusCode: status, error: code, message },
    status,
    { cause: exception },
  );
}

function codeOf(exception: unknown): string | undefined {
  return exception instanceof Error && 'code' in exception
    ? String(exception.code)
    : undefined;
}
