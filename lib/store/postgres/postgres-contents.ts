import type {
  Batches,
  Head,
  MerkleNode,
  StoreContents,
  StoredBlock,
  StoredDeletion,
  StoredEntry,
  StoredRevision,
} from '../contract.js';
import { BATCH_SIZE } from '../contract.js';
import { StoreDamagedError } from '../store-errors.js';
import { idArray, jsonbArray } from './binary-array.js';
import type { Connections, Query, Row } from './connections.js';
import { jsonbText } from './jsonb.js';
import { readNodes } from './merkle-nodes.js';
import { BLOCK_ITEM } from './parts.js';
import { storeErrorOf } from './postgres-errors.js';
import type { PostgresClient } from './postgres-options.js';
import { nextLimit } from './pages.js';
import {
  partsReader,
  readRevisions,
  revisionColumnsOf,
} from './revision-rows.js';

/** All that the tables hold of a ledger, read in one transaction on one connection. */
export class PostgresContents implements StoreContents {
  head: Head | undefined;
  origin = 0;
  readonly unbuilt = new Set<string>();
  readonly #schema: string;
  readonly #ledger: number;
  #closed = false;

  private constructor(
    private readonly connections: Connections,
    private readonly client: PostgresClient,
    place: { readonly schema: string; readonly ledger: number },
    private readonly json: boolean,
  ) {
    this.#schema = `"${place.schema}"`;
    this.#ledger = place.ledger;
  }

  static async open(
    connections: Connections,
    place: { readonly schema: string; readonly ledger: number },
    json: boolean,
  ): Promise<PostgresContents> {
    const client = await connections.reader();
    const contents = new PostgresContents(connections, client, place, json);
    try {
      await contents.#begin();
      return contents;
    } catch (error) {
      contents.close();
      throw error;
    }
  }

  async #begin(): Promise<void> {
    await this.#read({
      text: 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY',
    });
    const [[origin]] = await this.#read({
      text: `SELECT origin FROM ${this.#schema}.ledgers WHERE id = $1`,
      values: [this.#ledger],
    });
    this.origin = origin as number;
    const [last] = (await this.#read({
      text: `SELECT sequence_no, block_time, substring(merkle_nodes FROM 1 FOR 32) FROM ${this.#schema}.blocks
        WHERE ledger = $1 ORDER BY sequence_no DESC LIMIT 1`,
      values: [this.#ledger],
    })) as readonly [number, number, Buffer][];
    if (last) {
      const [sequenceNo, blockTimestamp, blockHash] = last;
      this.head = { sequenceNo, blockTimestamp, blockHash };
    }
    for (const [indexId] of await this.#read({
      text: `SELECT index_id FROM ${this.#schema}.unbuilt WHERE ledger = $1`,
      values: [this.#ledger],
    }))
      this.unbuilt.add(indexId as string);
  }

  readonly #read = async (query: Query): Promise<readonly Row[]> => {
    try {
      return await this.connections.run(this.client, query);
    } catch (error) {
      throw storeErrorOf(error, this.connections.where);
    }
  };

  async *blocks(from: number): Batches<StoredBlock> {
    const readParts = partsReader(this.#read, this.#schema, this.#ledger);
    let limit = 50;
    for (let next = from; ;) {
      const rows = (await this.#read({
        text: `SELECT sequence_no, block_time, merkle_nodes, block, parts FROM ${this.#schema}.blocks
          WHERE ledger = $1 AND sequence_no >= $2 ORDER BY sequence_no LIMIT $3::int`,
        values: [this.#ledger, next, limit],
      })) as readonly [number, number, Buffer, Buffer, number][];
      const blocks: StoredBlock[] = [];
      for (const [sequenceNo, blockTimestamp, nodes, first, parts] of rows) {
        const merkleNodes = Array.from({ length: nodes.length / 32 }, (_, n) =>
          nodes.subarray(32 * n, 32 * (n + 1)),
        );
        blocks.push({
          sequenceNo,
          blockTimestamp,
          blockHash: merkleNodes[0] ?? Buffer.alloc(0),
          merkleNodes,
          block:
            parts > 0
              ? await readParts(sequenceNo, BLOCK_ITEM, first, parts)
              : first,
        });
      }
      yield blocks;
      if (rows.length < limit) return;
      next = (blocks.at(-1)?.sequenceNo ?? 0) + 1;
      limit = nextLimit(
        blocks.map(({ block }) => ({ data: block })),
        limit,
      );
    }
  }

  async *revisions(from: number): Batches<StoredRevision> {
    const readParts = partsReader(this.#read, this.#schema, this.#ledger);
    const part = (
      table: string,
      current: boolean,
    ) => `(SELECT ${revisionColumnsOf('t')}, ${current} AS current
        FROM ${this.#schema}.${table} t WHERE t.ledger = $1 AND t.sequence_no >= $2
          AND (t.table_id, t.document_id, t.version) > ($3, $4, $5::int)
        ORDER BY t.table_id, t.document_id, t.version LIMIT $6::int)`;
    let after: readonly [string, string, number] = ['', '', -1];
    for (let limit = BATCH_SIZE; ;) {
      const rows = await this.#read({
        text: `SELECT * FROM (${part('superseded', false)} UNION ALL ${part('documents', true)}) r
          ORDER BY table_id, document_id, version LIMIT $6::int`,
        values: [this.#ledger, from, ...after, limit],
      });
      const revisions = await readRevisions(rows, readParts);
      const stored = revisions.map((revision, n) => ({
        revision,
        isCurrent:
          rows[n].at(-1) === 't' &&
          (revision.data ?? revision.dataHash) !== undefined,
      }));
      if (this.json) await this.#checkJson(stored);
      yield stored;
      if (rows.length < limit) return;
      const { tableId, documentId, version } = revisions[rows.length - 1];
      after = [tableId, documentId, version];
      limit = nextLimit(revisions, limit);
    }
  }

  /** Lets the database compare its `jsonb` copies with what follows from the documents. */
  async #checkJson(stored: readonly StoredRevision[]): Promise<void> {
    for (const [table, isCurrent] of [
      ['documents', true],
      ['superseded', false],
    ] as const) {
      const revisions = stored
        .filter(
          (one) =>
            one.isCurrent === isCurrent &&
            (isCurrent || one.revision.data !== undefined),
        )
        .map(({ revision }) => revision);
      if (revisions.length === 0) continue;
      const [wrong] = await this.#read({
        text: `SELECT k.document_id, k.version FROM unnest($2::text[], $3::text[], $4::text[], $5::jsonb[]) AS k (table_id, document_id, version, json)
          LEFT JOIN ${this.#schema}.${table} t ON t.ledger = $1 AND t.table_id = k.table_id
            AND t.document_id = k.document_id AND t.version = k.version::int
          WHERE t.json IS DISTINCT FROM k.json LIMIT 1`,
        values: [
          this.#ledger,
          idArray(revisions.map(({ tableId }) => tableId)),
          idArray(revisions.map(({ documentId }) => documentId)),
          idArray(revisions.map(({ version }) => String(version))),
          jsonbArray(
            revisions.map(({ data }) => (data ? jsonbText(data) : null)),
          ),
        ],
      });
      if (wrong)
        throw new StoreDamagedError(
          `the jsonb copy of revision ${String(wrong[1])} of document ${String(wrong[0])} is not what the revision says`,
        );
    }
  }

  async *indexEntries(): Batches<StoredEntry> {
    yield* this.#entries('entries', '0');
    yield* this.#entries('ended_entries', 'ended_by');
  }

  async *#entries(table: string, endedBy: string): Batches<StoredEntry> {
    const order = endedBy === '0' ? '' : ', ended_by';
    let after: readonly unknown[] = ['', Buffer.alloc(0), '', -1];
    for (;;) {
      const rows = (await this.#read({
        text: `SELECT index_id, key, document_id, ${endedBy} AS ended FROM ${this.#schema}.${table}
          WHERE ledger = $1 AND (index_id, key, document_id${order}) > ($2, $3::bytea, $4${order && ', $5::int8'}) ${order ? '' : 'AND $5::int8 IS NOT NULL'}
          ORDER BY index_id, key, document_id${order} LIMIT 1000`,
        values: [this.#ledger, ...after],
      })) as readonly [string, Buffer, string, number][];
      yield rows.map(([indexId, key, documentId, ended]) => ({
        indexId,
        key: key.toString('latin1'),
        documentId,
        ...(order && { endedBy: ended }),
      }));
      if (rows.length < 1000) return;
      after = rows.at(-1) as readonly unknown[];
    }
  }

  async *deletions(from: number): Batches<StoredDeletion> {
    let after: readonly [string, string] = ['', ''];
    for (;;) {
      const rows = (await this.#read({
        text: `SELECT table_id, document_id, sequence_no FROM ${this.#schema}.documents
          WHERE ledger = $1 AND sequence_no >= $2 AND data IS NULL AND data_hash IS NULL AND (table_id, document_id) > ($3, $4)
          ORDER BY table_id, document_id LIMIT 1000`,
        values: [this.#ledger, from, ...after],
      })) as readonly [string, string, number][];
      yield rows.map(([tableId, documentId, sequenceNo]) => ({
        tableId,
        documentId,
        sequenceNo,
      }));
      const last = rows.at(-1);
      if (!last || rows.length < 1000) return;
      after = [last[0], last[1]];
    }
  }

  merkleNodes(
    nodes: readonly Pick<MerkleNode, 'level' | 'index'>[],
  ): Promise<readonly Uint8Array[]> {
    return readNodes(
      this.#read,
      { schema: this.#schema, ledger: this.#ledger, origin: this.origin },
      nodes,
    );
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    // Its transaction goes with the connection.
    this.client.release(true);
  }
}
