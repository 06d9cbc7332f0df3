/** How the blocks of an export are written, as QLDB's API names it. */
export type OutputFormat = 'ION_TEXT' | 'ION_BINARY' | 'JSON';

export const OUTPUT_FORMATS: readonly OutputFormat[] = [
  'ION_TEXT',
  'ION_BINARY',
  'JSON',
];

export const isOutputFormat = (value: unknown): value is OutputFormat =>
  (OUTPUT_FORMATS as readonly unknown[]).includes(value);

/** The type of the files of a format, for whoever keeps them. */
export const CONTENT_TYPES: Readonly<Record<OutputFormat, string>> = {
  ION_TEXT: 'text/plain',
  ION_BINARY: 'application/octet-stream',
  JSON: 'application/json',
};

const EXTENSIONS: Readonly<Record<OutputFormat, string>> = {
  ION_TEXT: 'ion',
  ION_BINARY: 'ion',
  JSON: 'json',
};

/** The blocks of a file: its name tells them. */
export interface BlockRange {
  readonly strandId: string;
  readonly first: number;
  readonly last: number;
}

export const startedManifestKey = (prefix: string, exportId: string): string =>
  `${prefix}${exportId}.started.manifest`;

export const completedManifestKey = (
  prefix: string,
  exportId: string,
  strandId: string,
): string => `${prefix}${exportId}.${strandId}.completed.manifest`;

/**
 * Key of a file with blocks, behind the prefix.
 *
 * @param time - when the first of them was committed, in milliseconds since the epoch
 */
export function dataFileKey(
  { strandId, first, last }: BlockRange,
  time: number,
  format: OutputFormat,
): string {
  const [year, month, rest = ''] = new Date(time).toISOString().split('-');
  const hour = `${year}/${month}/${rest.slice(0, 2)}/${rest.slice(3, 5)}`;
  return `${hour}/${strandId}.${first}-${last}.${EXTENSIONS[format]}`;
}

const STARTED = /^(?:.*\/)?([A-Za-z0-9]{1,64})\.started\.manifest$/s;
const COMPLETED =
  /^(?:.*\/)?([A-Za-z0-9]{1,64})\.([A-Za-z0-9]{1,64})\.completed\.manifest$/s;
const DATA =
  /^(?:.*\/)?([A-Za-z0-9]{1,64})\.(\d{1,15})-(\d{1,15})\.[A-Za-z0-9]+(?:\.gz)?$/s;

/** The export that a started manifest is of; undefined for other keys. */
export const startedExport = (key: string): string | undefined =>
  STARTED.exec(key)?.[1];

/** The export and strand that a completed manifest is of; undefined for other keys. */
export function completedExport(
  key: string,
): { readonly exportId: string; readonly strandId: string } | undefined {
  const [, exportId, strandId] = COMPLETED.exec(key) ?? [];
  if (exportId === undefined || strandId === undefined) return undefined;
  return { exportId, strandId };
}

/** The blocks that a file should have, by its name; undefined for other keys. */
export function rangeOf(key: string): BlockRange | undefined {
  const [, strandId, first, last] = DATA.exec(key) ?? [];
  if (strandId === undefined) return undefined;
  return { strandId, first: Number(first), last: Number(last) };
}

export const folderOf = (key: string): string =>
  key.slice(0, key.lastIndexOf('/') + 1);

export const fileName = (key: string): string =>
  key.slice(key.lastIndexOf('/') + 1);
