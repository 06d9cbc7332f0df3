export { QldbHealthIndicator, type QldbPingOptions } from './qldb.health.js';
