/** The server could not be made, or cannot listen. */
export class QldbServerError extends Error {
  constructor(
    /** Stable identifier of the kind of failure. */
    readonly code: 'QLDB_SERVER_OPTIONS' | 'QLDB_SERVER_LISTEN',
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
