import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import type { OutputFormat } from '../../lib/journal-files/index.js';
import type { Ledger } from '../../lib/ledger/index.js';
import { execute } from '../contract/raw-session.js';

export const FORMATS: readonly OutputFormat[] = [
  'ION_TEXT',
  'ION_BINARY',
  'JSON',
];

/** A folder that is gone when the tests of the file are over. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'qldb-export-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export const filesIn = (path: string): string[] =>
  readdirSync(path, { recursive: true, encoding: 'utf8' })
    .filter((file) => statSync(join(path, file)).isFile())
    .sort();

/** The file with the blocks of an export, if it has one. */
export const dataFile = (path: string): string =>
  join(path, filesIn(path).find((file) => /\d\.(ion|json)$/.test(file)) ?? '');

/** Redacts the first version of a document, which has to have another one. */
export async function redactFirst(
  { sessions }: Ledger,
  table: string,
): Promise<void> {
  const [{ tableId }] = await execute<{ tableId: string }>(
    sessions,
    'SELECT tableId FROM information_schema.user_tables AS t WHERE t.name = ?',
    table,
  );
  const [{ blockAddress, metadata }] = await execute<{
    blockAddress: object;
    metadata: { id: string };
  }>(
    sessions,
    `SELECT VALUE h FROM history(${table}) AS h WHERE h.metadata.version = 0`,
  );
  await execute(
    sessions,
    `EXEC REDACT_REVISION ?, '${tableId}', ?`,
    blockAddress,
    metadata.id,
  );
}

/** A time between the blocks that are there and those to come. */
export async function between(): Promise<Date> {
  await new Promise((resolve) => setTimeout(resolve, 5));
  const time = new Date();
  await new Promise((resolve) => setTimeout(resolve, 5));
  return time;
}
