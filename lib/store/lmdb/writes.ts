import type { Commit, Redaction, StoredEntry } from '../contract.js';
import {
  decodeRevision,
  encodeRevision,
  revisionVersion,
} from '../revision-record.js';
import { StoreDamagedError } from '../store-errors.js';
import { BlockRecord, encodeBlock } from './block-record.js';
import {
  deletionKey,
  documentKey,
  endedEntryKey,
  entryKey,
  revisionKey,
  sequenceKey,
} from './keys.js';
import { DROPPED, UNBUILT, UNSCRUBBED } from './meta.js';
import { NOTHING, type Tree, type Trees } from './trees.js';

/** One entry that is put into a tree, or removed from it. */
export interface Write {
  readonly tree: Tree;
  readonly key: string;
  /** Absent: the key leaves the tree. */
  readonly value?: Buffer;
}

/**
 * What blocks put into the trees, in order. It depends on nothing but the blocks
 * and what the ones before them left: the same journal makes the same trees.
 */
export function* writesOf(
  trees: Trees,
  commits: readonly Commit[],
): Generator<Write, void, undefined> {
  const {
    blocks,
    documents,
    superseded,
    deleted,
    entries,
    endedEntries,
    meta,
  } = trees;
  /** Records of documents that these commits wrote: the trees do not have them yet. */
  const written = new Map<string, Buffer>();
  /** Records of blocks from which these commits took data. */
  const redacted = new Map<string, Buffer>();

  for (const commit of commits) {
    const { sequenceNo } = commit;
    yield {
      tree: blocks,
      key: sequenceKey(sequenceNo),
      value: encodeBlock(commit),
    };

    for (const revision of commit.revisions) {
      const { tableId, documentId, version, data, dataHash } = revision;
      const key = documentKey(tableId, documentId);
      const record = encodeRevision(revision);
      if (version > 0) {
        const previous = written.get(key) ?? documents.get(key);
        if (previous)
          yield {
            tree: superseded,
            key: revisionKey(key, revisionVersion(previous)),
            value: previous,
          };
      }
      if (data || dataHash) {
        written.set(key, record);
        yield { tree: documents, key, value: record };
        continue;
      }
      written.delete(key);
      yield { tree: superseded, key: revisionKey(key, version), value: record };
      yield {
        tree: deleted,
        key: deletionKey(tableId, sequenceNo, documentId),
        value: NOTHING,
      };
      yield { tree: documents, key };
    }

    for (const entry of commit.indexEntries) {
      const key = entryKey(entry);
      if (entry.ended) {
        yield { tree: entries, key };
        yield {
          tree: endedEntries,
          key: endedEntryKey(entry, sequenceNo),
          value: NOTHING,
        };
      } else yield { tree: entries, key, value: NOTHING };
    }

    for (const redaction of commit.redactions ?? []) {
      yield* redactionWrites(trees, redaction, redacted);
      yield { tree: meta, key: UNSCRUBBED, value: NOTHING };
    }

    for (const { indexId, tableId } of commit.newIndexes ?? [])
      yield {
        tree: meta,
        key: UNBUILT + indexId,
        value: Buffer.from(tableId, 'latin1'),
      };
    for (const indexId of commit.endedIndexes ?? []) {
      yield { tree: meta, key: UNBUILT + indexId };
      yield {
        tree: meta,
        key: DROPPED + indexId,
        value: Buffer.from(sequenceKey(sequenceNo), 'latin1'),
      };
    }
  }
}

function* redactionWrites(
  { blocks, superseded, entries, endedEntries }: Trees,
  redaction: Redaction,
  redacted: Map<string, Buffer>,
): Iterable<Write> {
  const { tableId, documentId, version, sequenceNo, dataHash } = redaction;
  const blockKey = sequenceKey(sequenceNo);
  const record = redacted.get(blockKey) ?? blocks.get(blockKey);
  const key = revisionKey(documentKey(tableId, documentId), version);
  const revision = superseded.get(key);
  if (!record || !revision)
    throw new StoreDamagedError(
      `revision ${version} of document ${documentId} is not there to be redacted`,
    );
  const block = new BlockRecord(sequenceNo, record);
  const left = block.with(redaction.redactBlock(block.block));
  redacted.set(blockKey, left);
  yield { tree: blocks, key: blockKey, value: left };
  const { txId, txTime, hash } = decodeRevision(tableId, documentId, revision);
  yield {
    tree: superseded,
    key,
    value: encodeRevision({
      tableId,
      documentId,
      version,
      sequenceNo,
      txId,
      txTime,
      hash,
      dataHash,
    }),
  };
  const placeOf = ({ endedBy, ...entry }: StoredEntry) =>
    endedBy === undefined
      ? { tree: entries, key: entryKey(entry) }
      : { tree: endedEntries, key: endedEntryKey(entry, endedBy) };
  for (const entry of redaction.lostEntries) yield placeOf(entry);
  for (const entry of redaction.addedEntries)
    yield { ...placeOf(entry), value: NOTHING };
}
