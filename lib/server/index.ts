export { type ServedLedgers } from './client-sessions.js';
export {
  createQldbServer,
  type QldbServer,
  type QldbServerOptions,
} from './qldb-server.js';
export { QldbServerError } from './server-errors.js';
export { type CredentialsLookup, type ServerCredentials } from './signature.js';
