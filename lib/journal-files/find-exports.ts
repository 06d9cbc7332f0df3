import { ExportError } from './export-errors.js';
import {
  type BlockRange,
  completedExport,
  fileName,
  folderOf,
  rangeOf,
  startedExport,
} from './layout.js';
import {
  readCompleted,
  readStarted,
  type StartedManifest,
} from './manifest.js';
import { openPlace } from './open-place.js';
import type { Place } from './place.js';

/** A file with blocks, and where it is. */
export interface DataFile extends BlockRange {
  readonly place: Place;
  readonly key: string;
  readonly size: number;
}

/** Exports that make one journal together, or a span of it. */
export interface FoundExports {
  /** What their started manifests say; none for files that came without them. */
  readonly started: readonly StartedManifest[];
  /** Whether a manifest lists the files; else their names alone tell. */
  readonly hasManifest: boolean;
  /** In the order of their blocks, none missing between them. */
  readonly files: readonly DataFile[];
}

/** Which exports are wanted. */
export interface FindOptions {
  /**
   * A folder or `s3://<bucket>/<prefix>`, or several: all exports there are
   * parts of one journal.
   */
  readonly from: string | readonly string[];
  /** Of the exports there, only those of these ids. Default: all of them. */
  readonly exportIds?: readonly string[] | undefined;
}

/**
 * Finds exports of one journal, AWS's or ours, however they were copied: keys in
 * a manifest may hold the prefix or not, folders may have been flattened, files
 * compressed with gzip.
 *
 * @throws ExportError
 */
export async function findExports({
  from,
  exportIds,
}: FindOptions): Promise<FoundExports> {
  const started: StartedManifest[] = [];
  const files: DataFile[] = [];
  const loose: DataFile[] = [];
  let hasManifest = false;
  for (const address of typeof from === 'string' ? [from] : from) {
    const { place, prefix } = await openPlace(address);
    const found = await lookInto(place, prefix, exportIds);
    started.push(...found.started);
    files.push(...found.listed);
    loose.push(...found.loose);
    hasManifest ||= found.hasManifest;
  }
  const all = hasManifest ? files : loose;
  if (!hasManifest && (all.length === 0 || exportIds))
    throw new ExportError(
      'QLDB_EXPORT_MISSING',
      exportIds
        ? `There is no export ${exportIds.join(', ')} in ${String(from)}.`
        : `There is no export in ${String(from)}: no manifest, and no file with blocks.`,
    );
  return { started, hasManifest, files: inOrder(all) };
}

interface Found {
  readonly started: readonly StartedManifest[];
  readonly hasManifest: boolean;
  readonly listed: readonly DataFile[];
  /** All files with blocks, for when there is no manifest. */
  readonly loose: readonly DataFile[];
}

async function lookInto(
  place: Place,
  prefix: string,
  exportIds: readonly string[] | undefined,
): Promise<Found> {
  const sizes = new Map<string, number>();
  for await (const { key, size } of place.list(prefix)) sizes.set(key, size);
  const keys = [...sizes.keys()];
  const fileOf = (key: string): DataFile | undefined => {
    const range = rangeOf(key);
    return range && { ...range, place, key, size: sizes.get(key) ?? 0 };
  };
  const isWanted = (id: string) => exportIds?.includes(id) ?? true;
  const started = new Map<string, StartedManifest>();
  for (const key of keys) {
    const id = startedExport(key);
    if (id !== undefined && isWanted(id))
      started.set(id, await readStarted(place, key));
  }
  const listed: DataFile[] = [];
  const completed = new Set<string>();
  for (const key of keys) {
    const done = completedExport(key);
    if (!done || !isWanted(done.exportId)) continue;
    completed.add(done.exportId);
    const keyPrefix = started.get(done.exportId)?.prefix;
    for (const stated of await readCompleted(place, key)) {
      const file = fileOf(resolveKey(stated, key, keyPrefix, keys) ?? '');
      if (!file)
        throw new ExportError(
          'QLDB_EXPORT_FILE_MISSING',
          `The manifest ${key} lists ${stated}, and there is no such file in ${place.name}. Fetch it, and try again.`,
        );
      if (file.strandId !== done.strandId) throw strands();
      listed.push(file);
    }
  }
  for (const id of started.keys())
    if (!completed.has(id))
      throw new ExportError(
        'QLDB_EXPORT_UNFINISHED',
        `The export ${id} in ${place.name} has no completed manifest: it was not finished, or not fetched whole. Finish it, or name the exports that are wanted.`,
      );
  return {
    started: [...started.values()],
    hasManifest: completed.size > 0,
    listed,
    loose: keys.flatMap((key) => fileOf(key) ?? []),
  };
}

/** Finds the file that a manifest means: in its folder, by its whole key, with the prefix before it, or by its name alone. */
function resolveKey(
  stated: string,
  manifestKey: string,
  prefix: string | undefined,
  keys: readonly string[],
): string | undefined {
  const folder = folderOf(manifestKey);
  const joined = prefix === undefined ? [] : [prefix, `${prefix}/`];
  const wanted = [folder, '', ...joined].map((before) => before + stated);
  const names = [...wanted, ...wanted.map((key) => `${key}.gz`)];
  const there = new Set(keys);
  const exact = names.find((key) => there.has(key));
  if (exact !== undefined) return exact;
  const name = fileName(stated);
  const like = keys.filter(
    (key) => fileName(key) === name || fileName(key) === `${name}.gz`,
  );
  // The one whose folders are like the stated ones for longest.
  return like.toSorted((a, b) => sameEnd(b, stated) - sameEnd(a, stated))[0];
}

function sameEnd(a: string, b: string): number {
  let length = 0;
  while (length < a.length && a.at(-1 - length) === b.at(-1 - length)) length++;
  return length;
}

/** Sorts files by their blocks; there is nothing between them, and nothing twice. */
function inOrder(files: readonly DataFile[]): readonly DataFile[] {
  const sorted = files.toSorted((a, b) => a.first - b.first);
  for (const [n, file] of sorted.entries()) {
    const before = sorted[n - 1];
    if (file.last < file.first)
      throw new ExportError(
        'QLDB_EXPORT_FILE_INVALID',
        `The name of ${file.key} tells no blocks: its first is after its last.`,
      );
    if (!before) continue;
    if (before.strandId !== file.strandId) throw strands();
    if (file.first <= before.last)
      throw new ExportError(
        'QLDB_EXPORT_OVERLAP',
        `Block ${file.first} is in two files, ${before.key} and ${file.key}. Exports that are to be joined must not overlap: name those that are wanted.`,
      );
    if (file.first > before.last + 1)
      throw new ExportError(
        'QLDB_EXPORT_GAP',
        `The blocks ${before.last + 1} to ${file.first - 1} are in no file: between ${before.key} and ${file.key} something is missing. Fetch it, and try again.`,
      );
  }
  return sorted;
}

const strands = () =>
  new ExportError(
    'QLDB_EXPORT_STRANDS',
    'The exports are of several strands, so of several ledgers. Name those of one ledger.',
  );
