import { StoreDamagedError } from '../../store/store-errors.js';
import { JournalInvalidError, ViewsInvalidError } from '../ledger-errors.js';
import type {
  LedgerVerification,
  VerificationProgress,
  VerificationTask,
} from './verify-contents.js';

/** What the thread is given. */
export interface WorkerTask extends VerificationTask {
  /** Where it finds the contents of the store. */
  readonly address: string;
}

/** What the thread says. */
export type Answer =
  | { readonly progress: VerificationProgress }
  | { readonly verification: LedgerVerification }
  | { readonly stopped: true }
  | { readonly failure: Failure };

/** An error without its class, which does not pass from thread to thread. */
export type Failure =
  | {
      readonly is: 'journal';
      readonly sequenceNo: number;
      readonly what: string;
    }
  | { readonly is: 'views'; readonly differences: readonly string[] }
  | { readonly is: 'damage'; readonly what: string }
  | { readonly is: 'other'; readonly error: unknown };

export function failureOf(error: unknown): Failure {
  if (error instanceof JournalInvalidError)
    return { is: 'journal', sequenceNo: error.sequenceNo, what: error.what };
  if (error instanceof ViewsInvalidError)
    return { is: 'views', differences: error.differences };
  if (error instanceof StoreDamagedError)
    return { is: 'damage', what: error.what };
  return { is: 'other', error };
}

export function errorOf(failure: Failure): unknown {
  switch (failure.is) {
    case 'journal':
      return new JournalInvalidError(failure.sequenceNo, failure.what);
    case 'views':
      return new ViewsInvalidError(failure.differences);
    case 'damage':
      return new StoreDamagedError(failure.what);
    case 'other':
      return failure.error;
  }
}
