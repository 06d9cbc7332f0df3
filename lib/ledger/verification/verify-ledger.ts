import { existsSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import type { LedgerStore } from '../../store/contract.js';
import { type Answer, errorOf, type WorkerTask } from './worker-messages.js';
import { seldom } from './progress.js';
import {
  type LedgerDigest,
  type LedgerVerification,
  type VerificationProgress,
  type VerificationTask,
  type VerificationWatch,
  verifyContents,
} from './verify-contents.js';

/** How a ledger is verified. */
export interface VerifyOptions {
  /**
   * A digest that was kept outside of the ledger: the journal has to have it
   * still. Default: the digest that the ledger has now.
   */
  readonly digest?: LedgerDigest | undefined;
  /**
   * A block that is known to be right, with its hash. Checked are that block and
   * those after it, and the revisions that they committed; not the entries of
   * indexes, which depend on older ones. Default: all from the first block on.
   */
  readonly from?:
    { readonly sequenceNo: number; readonly blockHash: Uint8Array } | undefined;
  /** Ends the verification; it rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** Is told how far it has come, about ten times a second. */
  readonly onProgress?: ((progress: VerificationProgress) => void) | undefined;
}

const workerFile = new URL('./verify-worker.js', import.meta.url);

/**
 * Verifies a store: in a thread of its own if one can reach it, so that nothing
 * else waits; else in turns with all the rest.
 *
 * @param stated - the digest of the ledger as it is now
 */
export async function verifyLedger(
  store: LedgerStore,
  stated: LedgerDigest,
  { digest, from, signal, onProgress }: VerifyOptions = {},
): Promise<LedgerVerification> {
  signal?.throwIfAborted();
  const task: VerificationTask = {
    digests: digest ? [stated, digest] : [stated],
    from,
  };
  const watch: VerificationWatch = {
    throwIfStopped: () => signal?.throwIfAborted(),
    onProgress: onProgress ?? (() => {}),
  };
  if (store.address !== undefined && existsSync(workerFile))
    return inThread({ ...task, address: store.address }, watch, signal);
  const contents = await store.contents();
  try {
    return await verifyContents(contents, task, {
      ...watch,
      onProgress: seldom(watch.onProgress),
    });
  } finally {
    contents.close();
  }
}

function inThread(
  task: WorkerTask,
  watch: VerificationWatch,
  signal: AbortSignal | undefined,
): Promise<LedgerVerification> {
  const worker = new Worker(workerFile, {
    workerData: task,
    name: 'qldb-verify',
    // Flags of this process may be none for a thread: `node --input-type=module -e …`.
    execArgv: [],
  });
  const stop = () => worker.postMessage('stop');
  signal?.addEventListener('abort', stop, { once: true });
  return new Promise<LedgerVerification>((resolve, reject) => {
    worker.on('message', (answer: Answer) => {
      if ('progress' in answer) watch.onProgress(answer.progress);
      else if ('verification' in answer) resolve(answer.verification);
      else if ('stopped' in answer) reject(signal?.reason);
      else reject(errorOf(answer.failure));
    });
    worker.on('error', reject);
    worker.on('exit', () =>
      reject(new Error('The verification ended without an answer.')),
    );
  }).finally(() => signal?.removeEventListener('abort', stop));
}

export type { LedgerDigest, LedgerVerification, VerificationProgress };
