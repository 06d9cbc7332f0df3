export {
  exportJournal,
  type ExportOptions,
  type JournalExport,
} from './export-journal.js';
export { ExportError } from './export-errors.js';
export { type FindOptions } from './find-exports.js';
export {
  importJournal,
  type ImportedLedger,
  type ImportOptions,
} from './import-journal.js';
export { JournalJsonError } from './json/journal-json-error.js';
export { type OutputFormat } from './layout.js';
export {
  type BlockGrade,
  type ExportVerification,
  type GradedBlock,
  type KeptProof,
  verifyExport,
  type VerifyExportOptions,
} from './verify-export.js';
