import {
  CapacityExceededException,
  QldbSessionException,
} from '../session/index.js';
import { ControlPlaneError } from './control-plane/control-plane-error.js';

/** The server could not be made, or cannot listen. */
export class QldbServerError extends Error {
  constructor(
    /** Stable identifier of the kind of failure. */
    readonly code:
      | 'QLDB_SERVER_OPTIONS'
      | 'QLDB_SERVER_LISTEN'
      | 'QLDB_SERVER_PLAIN_HTTP'
      | 'QLDB_SERVER_TLS',
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = new.target.name;
  }
}

/**
 * A request that the server itself refuses, before any ledger sees it. Its type
 * goes out as `__type`; types and statuses are those of AWS's JSON services.
 */
export class RefusedRequestError extends Error {
  constructor(
    readonly type: string,
    readonly httpStatusCode: number,
    message: string,
  ) {
    super(message);
    this.name = new.target.name;
  }
}

/** A failure as it goes over the wire. */
export interface Failure {
  readonly type: string;
  readonly status: number;
  readonly message: string;
  readonly code?: string;
  /** What else the answer tells. */
  readonly members?: Readonly<Record<string, string>>;
}

/** What a client is told of a failure: all of one that was meant for it, nothing of any other. */
export function failure(error: unknown): Failure {
  if (error instanceof QldbSessionException)
    return {
      // Its kinds are told apart by their codes: the SDKs know of none.
      type:
        error instanceof CapacityExceededException
          ? CapacityExceededException.name
          : error.name,
      status: error.$metadata.httpStatusCode,
      message: error.message,
      code: error.Code,
    };
  if (error instanceof ControlPlaneError)
    return {
      type: error.type,
      status: error.status,
      message: error.message,
      members: error.members,
    };
  if (error instanceof RefusedRequestError)
    return {
      type: error.type,
      status: error.httpStatusCode,
      message: error.message,
    };
  return {
    type: 'InternalServerException',
    status: 500,
    message:
      'The command failed inside the server; whether it took effect is unknown. Whoever runs the server finds the reason by the request id.',
  };
}
