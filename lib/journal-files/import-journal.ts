import { isTurnLong } from '../async/turns.js';
import { encodeIon } from '../ion/encode.js';
import { IonStruct } from '../ion/value.js';
import {
  OtherJournalError,
  type ReplayedJournal,
  replayJournal,
} from '../ledger/continuity/replay-journal.js';
import { RedactionUntoldError } from '../ledger/journal/redaction-check.js';
import { UNPROVEN } from '../ledger/journal/verify.js';
import { revisionsOf } from '../ledger/journal/proof.js';
import {
  JournalInvalidError,
  LedgerExistsError,
  LedgerNameError,
} from '../ledger/ledger-errors.js';
import { isLedgerName } from '../ledger/ledger-name.js';
import type { LedgerDigest } from '../ledger/verification/verify-contents.js';
import { storeHome, type StorePlace } from '../store/open-store.js';
import type { StoreHome } from '../store/store-home.js';
import { ExportError } from './export-errors.js';
import {
  findExports,
  type FindOptions,
  type FoundExports,
} from './find-exports.js';
import { JsonBlocks } from './json/json-blocks.js';
import { readBlocks } from './read-blocks.js';

/** What is imported, and as which ledger. */
export interface ImportOptions extends FindOptions {
  /** Name of the ledger to be made. */
  readonly name: string;
  /** Where it is to be kept: `file:<folder>`. Default: `file:.qldb`, in the working directory. */
  readonly store?: StorePlace | undefined;
  /** A digest that was kept: the journal has to have it, or nothing is imported. */
  readonly digest?: LedgerDigest | undefined;
  /**
   * Of an export in JSON, take revisions as well that cannot be proved, because
   * no reading of them has their hash. They stay marked as not proven in the
   * journal, and `Ledger.verify` counts them. Default: such an export is refused.
   */
  readonly acceptUnproven?: boolean | undefined;
  /** Ends the work; it rejects with the signal's reason. Begun again, it goes on. */
  readonly signal?: AbortSignal | undefined;
  /** Is told how far it has come: bytes read, of how many. */
  readonly onProgress?:
    | ((progress: { readonly checked: number; readonly total: number }) => void)
    | undefined;
}

/** A ledger that was imported. */
export interface ImportedLedger extends LedgerDigest {
  readonly strandId: string;
  /** The blocks that it has. */
  readonly span: { readonly first: number; readonly last: number };
  /** Revisions that are marked as not proven. */
  readonly unproven: number;
  /** What the export does not tell, and what cannot be proved, a sentence each. */
  readonly remarks: readonly string[];
}

/**
 * Makes a ledger of exports of one journal, AWS's or ours. It keeps the strand's
 * id, the addresses of blocks, the ids of documents, tables and transactions,
 * versions, times and hashes: digests and proofs that were given before hold,
 * and new blocks follow the last one. Every block is checked. Tables and indexes
 * are found in the journal itself.
 *
 * An import that was interrupted goes on when it is begun again; nothing of it
 * can be opened before all is there.
 *
 * @example
 * await importJournal({ name: 'vehicles', from: './qldb-export', digest });
 *
 * @throws ExportError when the export cannot be used: it says which block or file is wrong, and what
 * @throws LedgerExistsError when there is a ledger of that name
 */
export async function importJournal(
  options: ImportOptions,
): Promise<ImportedLedger> {
  const { name, store = 'file:.qldb' } = options;
  if (!isLedgerName(name)) throw new LedgerNameError(name);
  const home = await storeHome(store);
  if (await home.has(name)) throw new LedgerExistsError(name);
  const found = await findExports(options);
  const first = found.files[0];
  const last = found.files.at(-1);
  if (!first || !last)
    throw new ExportError(
      'QLDB_EXPORT_MISSING',
      'The export has no blocks: there is nothing to import.',
    );
  const replayed = await replay(options, home, found);
  const span = { first: first.first, last: last.last };
  return {
    digest: replayed.digest,
    digestTipAddress: replayed.digestTipAddress,
    strandId: first.strandId,
    span,
    unproven: replayed.unproven,
    remarks: [...remarksOn(replayed, span.first, options)],
  };
}

async function replay(
  options: ImportOptions,
  home: StoreHome,
  found: FoundExports,
): Promise<ReplayedJournal> {
  const origin = found.files[0]?.first ?? 0;
  const run = (anew: boolean) =>
    home.replace(
      options.name,
      (target) =>
        replayJournal(journalOf(found, options), target, {
          origin,
          signal: options.signal,
          digest: origin === 0 ? options.digest : undefined,
        }),
      { goesOn: true, anew },
    );
  try {
    return (
      await run(false).catch((error: unknown) => {
        // What an earlier import left is of another journal.
        if (error instanceof OtherJournalError) return run(true);
        throw error;
      })
    ).result;
  } catch (cause) {
    if (!(cause instanceof JournalInvalidError)) throw cause;
    const remedy =
      cause instanceof RedactionUntoldError
        ? 'Import the part of the journal with the block that redacts it too.'
        : 'Fetch the file of that block once more, and verify the export.';
    throw new ExportError(
      'QLDB_EXPORT_BROKEN',
      `Block ${cause.sequenceNo} of the export cannot be imported: ${cause.what}. Nothing can be opened; what was read before it stays for another try. ${remedy}`,
      { cause },
    );
  }
}

/** The blocks of exports, in Ion binary. */
async function* journalOf(
  found: FoundExports,
  { acceptUnproven = false, signal, onProgress }: ImportOptions,
): AsyncGenerator<readonly Uint8Array[]> {
  const total = found.files.reduce((sum, { size }) => sum + size, 0);
  const json = new JsonBlocks();
  for await (const { blocks, bytes } of readBlocks(found.files, json)) {
    signal?.throwIfAborted();
    if (!acceptUnproven) blocks.forEach(refuseUnproven);
    yield blocks.map((block) => block.binary ?? encodeIon(block));
    if (isTurnLong()) onProgress?.({ checked: bytes, total });
  }
  onProgress?.({ checked: total, total });
}

function refuseUnproven(block: IonStruct): void {
  const n = revisionsOf(block).findIndex((revision) => revision.has(UNPROVEN));
  if (n < 0) return;
  const address = block.get('blockAddress');
  const at = address instanceof IonStruct ? address.get('sequenceNo') : null;
  throw new ExportError(
    'QLDB_IMPORT_UNPROVEN',
    `Revision ${n} of block ${typeof at === 'number' ? at : ''} came as JSON, and no reading of it has its hash: it was changed, or has an annotation or another thing that JSON cannot say. Export as Ion, or accept revisions that are marked as not proven.`,
  );
}

function* remarksOn(
  { inventedTables, unproven }: ReplayedJournal,
  first: number,
  { digest }: ImportOptions,
): Iterable<string> {
  if (first > 0) {
    yield `The journal begins with block ${first}: what was before it is not there, and that it followed block ${first - 1} rests on its own word.`;
    yield `Digests and proofs that were given before need the blocks before it: they cannot be checked here${digest ? ', and neither was the digest that was given' : ''}.`;
  }
  if (inventedTables.length === 1)
    yield `No document tells the id of the table ${inventedTables[0]}: it has an id that is made up, until one does.`;
  else if (inventedTables.length > 1)
    yield `No document tells the ids of the tables ${inventedTables.join(', ')}: they have ids that are made up, until one does.`;
  if (unproven === 1)
    yield '1 revision is marked as not proven: it came as JSON, and no reading of it has its hash.';
  else if (unproven > 1)
    yield `${unproven} revisions are marked as not proven: they came as JSON, and no reading of them has their hash.`;
}
