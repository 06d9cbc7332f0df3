/** A journal export cannot be written, found or read. */
export class ExportError extends Error {
  constructor(
    /** Stable identifier of the kind of failure. */
    readonly code:
      | 'QLDB_EXPORT_PLACE'
      | 'QLDB_EXPORT_SPAN'
      | 'QLDB_EXPORT_EXISTS'
      | 'QLDB_EXPORT_MISSING'
      | 'QLDB_EXPORT_UNFINISHED'
      | 'QLDB_EXPORT_FILE_MISSING'
      | 'QLDB_EXPORT_FILE_INVALID'
      | 'QLDB_EXPORT_STRANDS'
      | 'QLDB_EXPORT_GAP'
      | 'QLDB_EXPORT_OVERLAP'
      | 'QLDB_EXPORT_BROKEN'
      | 'QLDB_IMPORT_UNPROVEN',
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = new.target.name;
  }
}
