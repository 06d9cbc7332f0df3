export { type ServedLedgers } from './client-sessions.js';
export { createQldbServer } from './qldb-server.js';
export { QldbServerError } from './server-errors.js';
export { type QldbServer, type QldbServerOptions } from './server-options.js';
export { type CredentialsLookup, type ServerCredentials } from './signature.js';
