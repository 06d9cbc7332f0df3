import type { Revision } from '../contract.js';
import { StoreDamagedError } from '../store-errors.js';
import type { Connections, Row } from './connections.js';
import { PART_BYTES } from './parts.js';

/** The columns of a revision, in the order in which {@link readRevisions} takes them. */
export const REVISION_COLUMNS =
  'table_id, document_id, version, sequence_no, tx_id, tx_time, hash, data, data_hash, parts';

/** The same of one table. */
export const revisionColumnsOf = (alias: string): string =>
  REVISION_COLUMNS.split(', ')
    .map((column) => `${alias}.${column}`)
    .join(', ');

type RevisionRow = readonly [
  tableId: string,
  documentId: string,
  version: number,
  sequenceNo: number,
  txId: string,
  txTime: number,
  hash: Buffer,
  data: Buffer | null,
  dataHash: Buffer | null,
  parts: number,
];

/** Reads what stands in further rows of `parts`. */
export type ReadParts = (
  sequenceNo: number,
  item: string,
  first: Buffer,
  parts: number,
) => Promise<Buffer>;

/** The revisions of rows. */
export async function readRevisions(
  rows: readonly Row[],
  readParts: ReadParts,
): Promise<readonly Revision[]> {
  const revisions: Revision[] = [];
  for (const row of rows) {
    const [
      tableId,
      documentId,
      version,
      sequenceNo,
      txId,
      txTime,
      hash,
      data,
      dataHash,
      parts,
    ] = row as unknown as RevisionRow;
    revisions.push({
      tableId,
      documentId,
      version,
      sequenceNo,
      txId,
      txTime,
      hash,
      ...(data && {
        data:
          parts > 0
            ? await readParts(sequenceNo, documentId, data, parts)
            : data,
      }),
      ...(dataHash && { dataHash }),
    });
  }
  return revisions;
}

/** Reads parts with a way to read. */
export function partsReader(
  read: Connections['read'],
  schema: string,
  ledger: number,
): ReadParts {
  return async (sequenceNo, item, first, parts) => {
    const all = [first];
    for (let part = 1; part <= parts; part += 4) {
      // A few at a time: they are near a megabyte each.
      const rows = await read({
        text: `SELECT bytes FROM ${schema}.parts WHERE ledger = $1 AND sequence_no = $2 AND item = $3 AND part >= $4 AND part < $5 ORDER BY part`,
        values: [ledger, sequenceNo, item, part, part + 4],
      });
      all.push(...rows.map(([bytes]) => bytes as Buffer));
    }
    if (all.length !== parts + 1 || first.length !== PART_BYTES)
      throw new StoreDamagedError(
        `parts of what block ${sequenceNo} wrote are missing`,
      );
    return Buffer.concat(all);
  };
}
