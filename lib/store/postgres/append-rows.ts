import type { Commit, IndexEntry, Revision, StoredTable } from '../contract.js';
import { bytea, type Column, int4, int8, jsonb, text } from './columns.js';
import { jsonbText } from './jsonb.js';
import { BLOCK_ITEM, firstPart, furtherParts, WRITTEN_ITEM } from './parts.js';
import { encodeWrittenKeys } from './written-keys.js';

interface EndedEntry extends Omit<IndexEntry, 'ended'> {
  readonly endedBy: number;
}

/** What a write adds to an index, and takes from it, all told: the same entry may come and go several times. */
class EntryChanges {
  readonly #entries = new Map<
    string,
    {
      readonly entry: Omit<IndexEntry, 'ended'>;
      readonly was: boolean;
      is: boolean;
    }
  >();
  readonly ended: EndedEntry[] = [];

  add({ ended, ...entry }: IndexEntry, sequenceNo: number): void {
    const name = `${entry.indexId}${entry.documentId}${entry.key}`;
    const known = this.#entries.get(name);
    if (known) known.is = !ended;
    else this.#entries.set(name, { entry, was: ended, is: !ended });
    if (ended) this.ended.push({ ...entry, endedBy: sequenceNo });
  }

  get begun(): readonly Omit<IndexEntry, 'ended'>[] {
    return this.#which(false, true);
  }

  get removed(): readonly Omit<IndexEntry, 'ended'>[] {
    return this.#which(true, false);
  }

  #which(was: boolean, is: boolean): readonly Omit<IndexEntry, 'ended'>[] {
    return Array.from(this.#entries.values())
      .filter((change) => change.was === was && change.is === is)
      .map(({ entry }) => entry);
  }
}

/** What an append writes, table by table. */
export class AppendRows {
  readonly commits: readonly Commit[];
  /** The revisions that are current behind it. */
  readonly documents: readonly Revision[];
  /** Documents whose stored revision is superseded by it. */
  readonly replaced: readonly Revision[];
  /** Revisions that it supersedes itself. */
  readonly superseded: readonly Revision[];
  readonly entries = new EntryChanges();
  /** The tables that it defines, each as it leaves it. */
  readonly tables: readonly StoredTable[];
  readonly parts: {
    readonly sequenceNo: number;
    readonly item: string;
    readonly part: number;
    readonly bytes: Uint8Array;
  }[] = [];
  /** How many rows it writes, and about how many bytes. */
  readonly rows: number;
  readonly bytes: number;
  readonly #written: readonly Buffer[];

  constructor(commits: readonly Commit[]) {
    this.commits = commits;
    const documents = new Map<string, Revision>();
    const superseded: Revision[] = [];
    const replaced: Revision[] = [];
    let bytes = 0;
    this.#written = commits.map(({ writtenKeys = [] }) =>
      encodeWrittenKeys(writtenKeys),
    );
    for (const [n, commit] of commits.entries()) {
      const { sequenceNo, block, revisions, indexEntries } = commit;
      this.#addParts(sequenceNo, BLOCK_ITEM, block);
      this.#addParts(sequenceNo, WRITTEN_ITEM, this.#written[n]);
      bytes += block.length + this.#written[n].length;
      for (const revision of revisions) {
        const { tableId, documentId, version, data } = revision;
        const name = tableId + documentId;
        const before = documents.get(name);
        if (before) superseded.push(before);
        else if (version > 0) replaced.push(revision);
        documents.set(name, revision);
        if (data) this.#addParts(sequenceNo, documentId, data);
        bytes += 2 * (data?.length ?? 0) + 200;
      }
      for (const entry of indexEntries) this.entries.add(entry, sequenceNo);
      bytes += 120 * indexEntries.length;
    }
    this.tables = [
      ...new Map(
        commits.flatMap(({ tables = [] }) =>
          tables.map((table) => [table.tableId, table] as const),
        ),
      ).values(),
    ];
    this.documents = [...documents.values()];
    this.superseded = superseded;
    this.replaced = replaced;
    this.bytes = bytes;
    this.rows = rowsOf(commits) + this.parts.length;
  }

  #addParts(sequenceNo: number, item: string, value: Uint8Array): void {
    for (const { part, bytes } of furtherParts(value))
      this.parts.push({ sequenceNo, item, part, bytes });
  }

  /** Columns of `blocks` behind the ledger's. */
  blockColumns(definitions: number): Column[] {
    let last = definitions;
    const { commits } = this;
    return [
      int8(commits.map(({ sequenceNo }) => sequenceNo)),
      int8(commits.map(({ blockTimestamp }) => blockTimestamp)),
      int8(
        commits.map(({ tables = [], sequenceNo }) =>
          tables.length > 0 ? (last = sequenceNo) : last,
        ),
      ),
      bytea(
        commits.map(({ merkleNodes }) =>
          merkleNodes.length === 1
            ? merkleNodes[0].hash
            : Buffer.concat(merkleNodes.map(({ hash }) => hash)),
        ),
      ),
      bytea(this.#written.map((keys) => firstPart(keys).first)),
      int4(this.#written.map((keys) => firstPart(keys).parts)),
      bytea(commits.map(({ block }) => firstPart(block).first)),
      int4(commits.map(({ block }) => firstPart(block).parts)),
    ];
  }
}

/** Columns of revisions behind the ledger's, in the order of the tables. */
export function revisionColumns(
  revisions: readonly Revision[],
  json: boolean,
): Column[] {
  return [
    text(revisions.map(({ tableId }) => tableId)),
    text(revisions.map(({ documentId }) => documentId)),
    int4(revisions.map(({ version }) => version)),
    int8(revisions.map(({ sequenceNo }) => sequenceNo)),
    text(revisions.map(({ txId }) => txId)),
    int8(revisions.map(({ txTime }) => txTime)),
    bytea(revisions.map(({ hash }) => hash)),
    bytea(revisions.map(({ data }) => data && firstPart(data).first)),
    bytea(revisions.map(({ dataHash }) => dataHash)),
    int4(revisions.map(({ data }) => (data ? firstPart(data).parts : 0))),
    ...(json
      ? [jsonb(revisions.map(({ data }) => (data ? jsonbText(data) : null)))]
      : []),
  ];
}

/** Columns of index entries behind the ledger's. */
export function entryColumns(
  entries: readonly Omit<IndexEntry, 'ended'>[],
): Column[] {
  return [
    text(entries.map(({ indexId }) => indexId)),
    bytea(entries.map(({ key }) => Buffer.from(key, 'latin1'))),
    text(entries.map(({ documentId }) => documentId)),
  ];
}

/** About how many rows commits write. */
function rowsOf(commits: readonly Commit[]): number {
  let rows = commits.length;
  for (const { revisions, indexEntries } of commits) {
    for (const { version } of revisions) rows += version > 0 ? 2 : 1;
    for (const { ended } of indexEntries) rows += ended ? 2 : 1;
  }
  return rows;
}
