export type {
  Catalog,
  MaybePromise,
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
} from './statement.js';
