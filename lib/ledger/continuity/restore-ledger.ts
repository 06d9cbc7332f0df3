import { storeHome, type StorePlace } from '../../store/open-store.js';
import { equal } from '../journal/verify.js';
import {
  BackupInvalidError,
  LedgerExistsError,
  LedgerMissingError,
  LedgerNameError,
} from '../ledger-errors.js';
import { isLedgerName } from '../ledger-name.js';
import type { LedgerDigest } from '../verification/verify-contents.js';
import { readJournal } from './journal-stream.js';
import { type ReplayWatch, replayJournal } from './replay-journal.js';

/** Which ledger is made anew, and how. */
export interface RebuildOptions {
  /** The ledger's name. */
  readonly name: string;
  /** Where it is kept: `file:<folder>` or `postgres://…`. Default: `file:.qldb`, in the working directory. */
  readonly store?: StorePlace;
  /** Ends the work, and leaves everything as it was; it rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** Is told how far it has come: blocks written, of how many. */
  readonly onProgress?:
    | ((progress: { readonly checked: number; readonly total: number }) => void)
    | undefined;
}

/** A ledger that was made anew. */
export interface RebuiltLedger extends LedgerDigest {
  /** Where the ledger is as it was before: a file, or a name in the database. Remove it when it is needed no longer. */
  readonly former: string;
}

export interface RestoreOptions extends RebuildOptions {
  /** A backup, as `Ledger.backup` wrote it. */
  readonly from: AsyncIterable<Uint8Array>;
  /** A digest that was kept outside of the backup: the restored ledger has to have it. */
  readonly digest?: LedgerDigest | undefined;
}

/**
 * Makes all that queries need anew from a ledger's journal, which is checked
 * block by block. The ledger must not be open anywhere; until all is done it
 * stays as it was, and then its former data file is kept beside the new one.
 *
 * @throws JournalInvalidError when the journal itself is damaged: restore a backup then
 * @throws LedgerMissingError, StoreError
 */
export async function rebuildLedger({
  name,
  store: place = 'file:.qldb',
  ...watch
}: RebuildOptions): Promise<RebuiltLedger> {
  if (!isLedgerName(name)) throw new LedgerNameError(name);
  const home = await storeHome(place);
  if (!(await home.has(name))) throw new LedgerMissingError(name);
  const source = await home.open(name);
  try {
    const head = await source.head();
    if (!head) throw new LedgerMissingError(name);
    const { result, former = '' } = await home.replace(name, async (target) => {
      const digest = await replayJournal(
        source.blocks(source.origin, head.sequenceNo),
        target,
        {
          origin: source.origin,
          ...watching(watch, head.sequenceNo + 1 - source.origin),
        },
      );
      await source.close();
      return digest;
    });
    return { ...result, former };
  } finally {
    await source.close();
  }
}

/**
 * Makes a ledger from a backup. Every block is checked, and so is that they lead
 * to the digest that the backup begins with. If it fails, nothing is left of it.
 *
 * @example
 * await restoreLedger({ name: 'vehicle-registration', from: createReadStream('ledger.ion') });
 *
 * @throws LedgerExistsError when there is a ledger of that name
 * @throws BackupInvalidError when it is no backup, or was cut off, or has another digest
 * @throws JournalInvalidError naming the first block that is not what was written
 */
export async function restoreLedger({
  name,
  store: place = 'file:.qldb',
  from,
  digest,
  ...watch
}: RestoreOptions): Promise<LedgerDigest> {
  if (!isLedgerName(name)) throw new LedgerNameError(name);
  const home = await storeHome(place);
  if (await home.has(name)) throw new LedgerExistsError(name);
  const { header, blocks } = await readJournal(from);
  const { result } = await home.replace(name, (target) =>
    replayJournal(blocks, target, {
      origin: header.firstSequenceNo,
      ...watching(
        watch,
        header.digestTipAddress.sequenceNo + 1 - header.firstSequenceNo,
      ),
      checkDigest(restored) {
        checkDigest(restored, header);
        if (digest) checkDigest(restored, digest);
      },
    }),
  );
  return result;
}

function watching(
  { signal, onProgress }: Pick<RebuildOptions, 'signal' | 'onProgress'>,
  total: number,
): ReplayWatch {
  return {
    signal,
    ...(onProgress && {
      onBlocks: (checked) => onProgress({ checked, total }),
    }),
  };
}

function checkDigest(restored: LedgerDigest, stated: LedgerDigest): void {
  const { sequenceNo, strandId } = stated.digestTipAddress;
  if (restored.digestTipAddress.sequenceNo !== sequenceNo)
    throw new BackupInvalidError(
      `it has ${restored.digestTipAddress.sequenceNo + 1} blocks, where the digest is of ${sequenceNo + 1}`,
    );
  if (
    restored.digestTipAddress.strandId !== strandId ||
    !equal(restored.digest, stated.digest)
  )
    throw new BackupInvalidError('its blocks lead to another digest');
}
