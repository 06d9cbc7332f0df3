import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import type { OutputFormat } from '../../lib/journal-files/index.js';

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
