/** What the command was told to do is not clear: the command line is wrong. */
export class CommandError extends Error {
  readonly code = 'QLDB_COMMAND';

  constructor(message: string, options?: ErrorOptions) {
    super(`${message} --help tells more.`, options);
    this.name = new.target.name;
  }
}

/** What was checked is not as it should be; the report says what. */
export class CheckFailedError extends Error {
  readonly code = 'QLDB_CHECK_FAILED';

  constructor(message: string) {
    super(message);
    this.name = new.target.name;
  }
}
