import { isTurnLong, nextTurn } from '../async/turns.js';
import { formatIonText } from '../ion/text.js';
import { Timestamp } from '../ion/value.js';
import { decodeStruct } from '../ledger/journal/block.js';
import type { Ledger } from '../ledger/ledger.js';
import { systemPorts } from '../ledger/ports.js';
import { UniqueIds } from '../ledger/unique-id.js';
import { ExportError } from './export-errors.js';
import { ionToJsonText } from '../ion/json-text.js';
import {
  completedExport,
  completedManifestKey,
  CONTENT_TYPES,
  dataFileKey,
  type OutputFormat,
  startedExport,
  startedManifestKey,
} from './layout.js';
import {
  formatCompleted,
  formatStarted,
  readStarted,
  type StartedManifest,
} from './manifest.js';
import { openPlace } from './open-place.js';
import type { ObjectEncryption, PlaceAddress } from './place.js';

/** A file is ended when it has so many bytes. */
const FILE_BYTES = 16 << 20;

/** What is exported, and how. */
export interface ExportOptions {
  /** A folder, or `s3://<bucket>/<prefix>`. */
  readonly to: string;
  /** What keys begin with, in a folder; in S3 the address has it. Default: nothing. */
  readonly prefix?: string | undefined;
  /** How S3 is to encrypt the files; a manifest says it, whatever keeps them. Default: as the bucket does by itself. */
  readonly encryption?: ObjectEncryption | undefined;
  /** How blocks are written. Default: `ION_TEXT`. JSON loses types: see the README. */
  readonly format?: OutputFormat | undefined;
  /** Only blocks that were committed then or later. Default: from the first one on. */
  readonly from?: Date | undefined;
  /** Only blocks that were committed before. Default: to the last one. Not in the future. */
  readonly until?: Date | undefined;
  /**
   * Id of the export: that of one that was not finished goes on with it.
   * Default: the unfinished one that is there, of this ledger, span and format; else a new one.
   */
  readonly exportId?: string | undefined;
  /** Ends the work; it rejects with the signal's reason. Begun again, it goes on. */
  readonly signal?: AbortSignal | undefined;
  /** Is told how far it has come: blocks written, of how many. */
  readonly onProgress?:
    | ((progress: { readonly checked: number; readonly total: number }) => void)
    | undefined;
}

/** An export that is complete. */
export interface JournalExport {
  readonly exportId: string;
  /** Its blocks; undefined if there is none in the span. */
  readonly blocks:
    { readonly first: number; readonly last: number } | undefined;
  /** Keys of its files, in order, as the completed manifest lists them. */
  readonly keys: readonly string[];
  /** Key of the manifest that says that it is complete. */
  readonly manifest: string;
}

/**
 * Exports a ledger's journal in the layout in which QLDB did: a manifest that
 * tells what was begun, files of blocks, and a manifest that lists them, which is
 * written last. It reads the ledger while transactions go on.
 *
 * An export that was interrupted goes on when it is begun again: what is there
 * already, byte for byte, is not written once more.
 *
 * @example
 * await exportJournal(ledger, { to: 's3://backups/vehicles/', format: 'ION_BINARY' });
 *
 * @throws ExportError when the place cannot be written to, or the span is none
 */
export async function exportJournal(
  ledger: Ledger,
  options: ExportOptions,
): Promise<JournalExport> {
  const opened = await openPlace(options.to, options.encryption);
  const address = {
    ...opened,
    prefix: opened.prefix + (options.prefix ?? ''),
  };
  const manifest = await begin(ledger, options, address);
  return new JournalWriter(ledger, address, manifest, options).run();
}

/** Takes up an export, or writes the manifest of a new one. */
async function begin(
  ledger: Ledger,
  options: ExportOptions,
  { place, prefix }: PlaceAddress,
): Promise<StartedManifest> {
  const { format = 'ION_TEXT', from, until, exportId } = options;
  if (exportId !== undefined && !/^[A-Za-z0-9]{1,64}$/.test(exportId))
    throw new ExportError(
      'QLDB_EXPORT_SPAN',
      'The id of an export has letters and digits only.',
    );
  const now = systemPorts.now();
  const start = from?.getTime() ?? 0;
  if (Number.isNaN(start) || Number.isNaN(until?.getTime() ?? 0))
    throw new ExportError('QLDB_EXPORT_SPAN', 'A time of the span is none.');
  if (until && until.getTime() > now)
    throw new ExportError(
      'QLDB_EXPORT_SPAN',
      'The span ends in the future. Let it end now, or leave its end out.',
    );
  if (until && until.getTime() <= start)
    throw new ExportError(
      'QLDB_EXPORT_SPAN',
      'The span ends before it begins.',
    );
  const unfinished = await unfinishedExports({ place, prefix });
  for (const [id, key] of unfinished) {
    if (id !== (exportId ?? id)) continue;
    const found = await readStarted(place, key);
    const isSame =
      found.ledgerName === ledger.name &&
      found.outputFormat === format &&
      found.inclusiveStartTime.getTime() === startTime(ledger, start) &&
      (until === undefined ||
        found.exclusiveEndTime.getTime() === until.getTime());
    if (isSame) return { ...found, exportId: id };
    if (exportId !== undefined)
      throw new ExportError(
        'QLDB_EXPORT_EXISTS',
        `The export ${id} was begun with another ledger, span or format. Go on with what it was begun with, or leave its id out.`,
      );
  }
  const manifest: StartedManifest = {
    ledgerName: ledger.name,
    exportId: exportId ?? new UniqueIds(systemPorts).next(),
    inclusiveStartTime: new Date(startTime(ledger, start)),
    exclusiveEndTime: until ?? new Date(now + 1),
    bucket: place.bucket,
    prefix,
    objectEncryptionType: options.encryption?.type ?? 'NO_ENCRYPTION',
    outputFormat: format,
  };
  const key = startedManifestKey(prefix, manifest.exportId);
  for await (const file of place.list(key))
    if (file.key === key)
      throw new ExportError(
        'QLDB_EXPORT_EXISTS',
        `There is a complete export ${manifest.exportId} already. Give another id, or none.`,
      );
  await place.write(key, formatStarted(manifest), CONTENT_TYPES[format]);
  return manifest;
}

/** A span does not begin before the ledger. */
const startTime = ({ created }: Ledger, start: number): number =>
  Math.max(start, created.getTime());

/** Started manifests of exports that no completed manifest is there of, by export id. */
async function unfinishedExports({
  place,
  prefix,
}: PlaceAddress): Promise<ReadonlyMap<string, string>> {
  const started = new Map<string, string>();
  const completed = new Set<string>();
  for await (const { key } of place.list(prefix)) {
    const id = startedExport(key);
    if (id !== undefined && key === startedManifestKey(prefix, id))
      started.set(id, key);
    const done = completedExport(key);
    if (done) completed.add(done.exportId);
  }
  for (const id of completed) started.delete(id);
  return started;
}

class JournalWriter {
  readonly #keys: string[] = [];
  #file: Uint8Array[] = [];
  #fileBytes = 0;
  /** First block of the file, and when it was committed. */
  #first = { sequenceNo: 0, time: 0 };

  constructor(
    private readonly ledger: Ledger,
    private readonly address: PlaceAddress,
    private readonly manifest: StartedManifest,
    private readonly options: ExportOptions,
  ) {}

  async run(): Promise<JournalExport> {
    const { ledger, manifest, address, options } = this;
    const { exportId, outputFormat } = manifest;
    const first = await firstFrom(ledger, manifest.inclusiveStartTime);
    const end = await firstFrom(ledger, manifest.exclusiveEndTime);
    let at = first;
    for await (const batch of ledger.blocks(first, end - 1)) {
      for (const block of batch) {
        await this.#add(block, at++);
        if (!isTurnLong()) continue;
        await nextTurn();
        options.signal?.throwIfAborted();
        options.onProgress?.({ checked: at - first, total: end - first });
      }
    }
    await this.#endFile(end - 1);
    options.signal?.throwIfAborted();
    const key = completedManifestKey(address.prefix, exportId, ledger.strandId);
    await address.place.write(
      key,
      formatCompleted(this.#keys, outputFormat),
      CONTENT_TYPES[outputFormat],
    );
    options.onProgress?.({ checked: end - first, total: end - first });
    return {
      exportId,
      blocks: first < end ? { first, last: end - 1 } : undefined,
      keys: this.#keys,
      manifest: key,
    };
  }

  async #add(block: Uint8Array, sequenceNo: number): Promise<void> {
    if (this.#file.length === 0)
      this.#first = { sequenceNo, time: timeIn(block) };
    const written = write(block, this.manifest.outputFormat);
    this.#file.push(written);
    this.#fileBytes += written.length;
    if (this.#fileBytes >= FILE_BYTES) await this.#endFile(sequenceNo);
  }

  async #endFile(last: number): Promise<void> {
    if (this.#file.length === 0) return;
    const { place, prefix } = this.address;
    const { outputFormat } = this.manifest;
    const { sequenceNo: first, time } = this.#first;
    const { strandId } = this.ledger;
    const key = dataFileKey({ strandId, first, last }, time, outputFormat);
    const contents = Buffer.concat(this.#file, this.#fileBytes);
    this.#file = [];
    this.#fileBytes = 0;
    this.options.signal?.throwIfAborted();
    if (!(await place.holds(prefix + key, contents)))
      await place.write(prefix + key, contents, CONTENT_TYPES[outputFormat]);
    this.#keys.push(key);
  }
}

const NEWLINE = Buffer.from('\n');

function write(block: Uint8Array, format: OutputFormat): Uint8Array {
  switch (format) {
    case 'ION_BINARY':
      return block;
    case 'ION_TEXT':
      return Buffer.concat([
        Buffer.from(formatIonText(decodeStruct(block))),
        NEWLINE,
      ]);
    case 'JSON':
      return Buffer.concat([Buffer.from(ionToJsonText(block)), NEWLINE]);
  }
}

/** The first block that was committed at a time or later; the one behind the last if there is none. */
async function firstFrom(ledger: Ledger, time: Date): Promise<number> {
  let low = ledger.firstSequenceNo;
  await ledger.refresh();
  let high = ledger.getDigest().digestTipAddress.sequenceNo + 1;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if ((await timeOfBlock(ledger, middle)) < time.getTime()) low = middle + 1;
    else high = middle;
  }
  return low;
}

async function timeOfBlock(
  ledger: Ledger,
  sequenceNo: number,
): Promise<number> {
  for await (const [block] of ledger.blocks(sequenceNo, sequenceNo))
    if (block) return timeIn(block);
  throw new RangeError(`There is no block ${sequenceNo}.`);
}

function timeIn(block: Uint8Array): number {
  const time = decodeStruct(block).get('blockTimestamp');
  if (time instanceof Timestamp) return time.getDate().getTime();
  throw new TypeError('A block has no blockTimestamp.');
}
