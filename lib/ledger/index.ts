export { type BlockAddress } from './journal/block.js';
export {
  foldProof,
  revisionHash,
  verifyBlock,
  verifyRevision,
} from './journal/verify.js';
export { merkleRoot } from './journal/merkle.js';
export {
  rebuildLedger,
  type RebuildOptions,
  type RebuiltLedger,
  restoreLedger,
  type RestoreOptions,
} from './continuity/restore-ledger.js';
export {
  type BackupOptions,
  type BlockWithProof,
  Ledger,
  type RevisionWithProof,
} from './ledger.js';
export {
  BackupInvalidError,
  InvalidParameterError,
  JournalInvalidError,
  LedgerClosedError,
  LedgerError,
  LedgerExistsError,
  LedgerLimitsError,
  LedgerMissingError,
  LedgerNameError,
  ViewsInvalidError,
} from './ledger-errors.js';
export { DEFAULT_LIMITS, type LedgerLimits, limitProblems } from './limits.js';
export { openLedger, type OpenLedgerOptions } from './open-ledger.js';
export {
  isStoreAddress,
  placeProblems,
  shownPlace,
  storeFolder,
  storeHome,
  type PostgresClient,
  type PostgresPool,
  type PostgresStoreOptions,
  type StorePlace,
} from '../store/open-store.js';
export type { StoreHome, StoreNote } from '../store/store-home.js';
export { type LedgerPorts } from './ports.js';
export {
  StoreClosedError,
  StoreDamagedError,
  StoreError,
  StoreFullError,
  StoreInUseError,
  StoreLostError,
  StoreUnwritableError,
} from '../store/store-errors.js';
export {
  type LedgerDigest,
  type LedgerVerification,
  type VerificationProgress,
  type VerifyOptions,
} from './verification/verify-ledger.js';
export { isLedgerName } from './ledger-name.js';
