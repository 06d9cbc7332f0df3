/** Base of the errors that the Nest side of the package throws itself. */
export class QldbNestError extends Error {
  constructor(
    /** Stable identifier of the kind of failure. */
    readonly code: string,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = new.target.name;
  }
}
