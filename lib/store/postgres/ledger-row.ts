import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Connections } from './connections.js';
import { isRefusedFor, UNIQUE_VIOLATION } from './postgres-errors.js';
import type { PostgresSettings } from './postgres-options.js';
import { addJson } from './schema.js';

/** The row of a ledger. */
export interface LedgerRow {
  readonly id: number;
  readonly origin: number;
  readonly generation: number;
  readonly json: boolean;
}

/** The row of a ledger, which is made if there is none. */
export async function ledgerRow(
  connections: Connections,
  { schema, json }: PostgresSettings,
  name: string,
): Promise<LedgerRow> {
  const s = `"${schema}"`;
  if (json) await addJson(connections, schema);
  for (;;) {
    const [row] = (await connections.read({
      text: `SELECT id, origin, generation, json FROM ${s}.ledgers WHERE name = $1`,
      values: [name],
    })) as readonly [number, number, number, string][];
    if (row) {
      const [id, origin, generation, has] = row;
      return { id, origin, generation, json: has === 't' };
    }
    await connections
      .read({
        text: `INSERT INTO ${s}.ledgers (id, name, origin, generation, json)
          VALUES ($3, $1, 0, 0, $2)`,
        // Not the id of one that was removed: somebody may have that open still.
        values: [name, json, randomInt(1, 2 ** 31 - 1)],
      })
      // Another process was first, with this name or this id.
      .catch((error: unknown) => {
        if (!isRefusedFor(error, UNIQUE_VIOLATION)) throw error;
      });
    await sleep(1);
  }
}
