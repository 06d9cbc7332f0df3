export type {
  Catalog,
  Relation,
  RelationWriter,
  Row,
  Rows,
} from './catalog.js';
export { equalityKey } from './equality-key.js';
export { PartiqlError, type PartiqlErrorCode } from './errors.js';
export {
  compile,
  type ExecutionContext,
  type Statement,
  type StatementKind,
  type StatementRows,
} from './statement.js';
