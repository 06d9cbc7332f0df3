export {
  traceQldb,
  type TraceQldbOptions,
  type TracingHandle,
} from './trace-qldb.js';
