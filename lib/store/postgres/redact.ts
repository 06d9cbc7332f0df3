import type { Redaction, StoredEntry } from '../contract.js';
import { StoreDamagedError } from '../store-errors.js';
import type { Row } from './connections.js';
import { BLOCK_ITEM, firstPart, furtherParts, WRITTEN_ITEM } from './parts.js';
import type { ReadParts } from './revision-rows.js';
import { REDACTED_KEYS } from './written-keys.js';

/** What of a ledger's rows is redacted, within the transaction of a client. */
export interface RedactionPlace {
  /** The schema, quoted. */
  readonly schema: string;
  readonly ledger: number;
  readonly json: boolean;
  readonly readParts: ReadParts;
  readonly run: (text: string, values: unknown[]) => Promise<readonly Row[]>;
}

/**
 * Takes the data of a revision out of every row.
 *
 * @throws StoreDamagedError when it is not there
 */
export async function redact(
  redaction: Redaction,
  { schema: s, ledger, json, readParts, run }: RedactionPlace,
): Promise<void> {
  const { tableId, documentId, version, sequenceNo, dataHash } = redaction;
  const [found] = await run(
    `SELECT block, parts FROM ${s}.blocks WHERE ledger = $1 AND sequence_no = $2`,
    [ledger, sequenceNo],
  );
  const revisions = await run(
    `UPDATE ${s}.superseded SET data = NULL, data_hash = $5, parts = 0 ${json ? ', json = NULL' : ''}
        WHERE ledger = $1 AND table_id = $2 AND document_id = $3 AND version = $4 AND sequence_no = $6 RETURNING version`,
    [ledger, tableId, documentId, version, dataHash, sequenceNo],
  );
  if (!found || revisions.length === 0)
    throw new StoreDamagedError(
      `revision ${version} of document ${documentId} is not there to be redacted`,
    );
  const [first, parts] = found as [Buffer, number];
  const block = redaction.redactBlock(
    parts > 0 ? await readParts(sequenceNo, BLOCK_ITEM, first, parts) : first,
  );
  await run(
    `DELETE FROM ${s}.parts WHERE ledger = $1 AND sequence_no = $2 AND item = ANY ($3::text[])`,
    [ledger, sequenceNo, [BLOCK_ITEM, documentId]],
  );
  const left = firstPart(block);
  await run(
    `UPDATE ${s}.blocks SET block = $3, parts = $4 WHERE ledger = $1 AND sequence_no = $2`,
    [ledger, sequenceNo, left.first, left.parts],
  );
  for (const { part, bytes } of furtherParts(block))
    await run(
      `INSERT INTO ${s}.parts (ledger, sequence_no, item, part, bytes) VALUES ($1, $2, $3, $4, $5)`,
      [ledger, sequenceNo, BLOCK_ITEM, part, bytes],
    );
  // Names of entries that it wrote hold values: no block of the document up to the one behind it keeps them.
  const blocks = `SELECT sequence_no FROM (
      SELECT sequence_no, version FROM ${s}.superseded WHERE ledger = $1 AND table_id = $2 AND document_id = $3
      UNION ALL SELECT sequence_no, version FROM ${s}.documents WHERE ledger = $1 AND table_id = $2 AND document_id = $3) r
    WHERE version <= $4::int + 1`;
  await run(
    `UPDATE ${s}.blocks SET written = $5, written_parts = 0 WHERE ledger = $1 AND sequence_no IN (${blocks})`,
    [ledger, tableId, documentId, version, REDACTED_KEYS],
  );
  await run(
    `DELETE FROM ${s}.parts WHERE ledger = $1 AND item = '${WRITTEN_ITEM}' AND sequence_no IN (${blocks})`,
    [ledger, tableId, documentId, version],
  );
  for (const entry of redaction.lostEntries)
    await run(
      entry.endedBy === undefined
        ? `DELETE FROM ${s}.entries WHERE ledger = $1 AND index_id = $2 AND key = $3 AND document_id = $4`
        : `DELETE FROM ${s}.ended_entries WHERE ledger = $1 AND index_id = $2 AND key = $3 AND document_id = $4 AND ended_by = $5`,
      entryValues(ledger, entry),
    );
  for (const entry of redaction.addedEntries)
    await run(
      entry.endedBy === undefined
        ? `INSERT INTO ${s}.entries (ledger, index_id, key, document_id) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`
        : `INSERT INTO ${s}.ended_entries (ledger, index_id, key, document_id, ended_by) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING`,
      entryValues(ledger, entry),
    );
}

function entryValues(
  ledger: number,
  { indexId, key, documentId, endedBy }: StoredEntry,
): unknown[] {
  return [
    ledger,
    indexId,
    Buffer.from(key, 'latin1'),
    documentId,
    ...(endedBy === undefined ? [] : [endedBy]),
  ];
}
