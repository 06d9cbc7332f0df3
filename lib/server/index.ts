export { type ServedLedgers } from './client-sessions.js';
export { createQldbServer } from './qldb-server.js';
export {
  type SelfSignedTls,
  selfSignedTls,
  type SelfSignedTlsOptions,
} from './self-signed.js';
export { QldbServerError } from './server-errors.js';
export { type QldbServer, type QldbServerOptions } from './server-options.js';
export { type CredentialsLookup, type ServerCredentials } from './signature.js';
export { type ServerTls } from './tls.js';
export {
  LedgerDirectory,
  type LedgerDirectoryOptions,
} from './control-plane/ledger-directory.js';
