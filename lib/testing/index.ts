export {
  FaultEndpoint,
  type FaultRule,
  InjectedDisconnectError,
  type RecordedCommand,
} from './fault-endpoint.js';
export {
  openTestQldb,
  type TestQldb,
  type TestQldbOptions,
} from './open-test-qldb.js';
export { StatementRecorder } from './statement-recorder.js';
