/** A line of a journal export in JSON is no block. */
export class JournalJsonError extends Error {
  readonly code = 'QLDB_JOURNAL_JSON';

  constructor(
    /** What is wrong, and where in the block; never what stands there. */
    readonly what: string,
    options?: ErrorOptions,
  ) {
    super(
      `A line of the export is no block in JSON: ${what}. Fetch the file once more; if it stays so, export as Ion.`,
      options,
    );
    this.name = new.target.name;
  }
}
