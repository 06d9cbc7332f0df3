import { StoreError } from '../store-errors.js';
import { sequenceIn, sequenceKey } from './keys.js';
import type { Tree } from './trees.js';

/**
 * 1 kept the Merkle nodes and the head apart from the blocks; 2 kept deleted
 * documents and ended index entries among the others.
 */
const FORMAT = 3;
const FORMAT_KEY = 'format';

/** Key of the number of the first block, if it is not 0: see `sequenceKey`. */
const ORIGIN = 'origin';

export const originIn = (meta: Tree): number => {
  const value = meta.get(ORIGIN);
  return value ? sequenceIn(value.toString('latin1')) : 0;
};

export const originWrite = (
  meta: Tree,
  origin: number,
): { tree: Tree; key: string; value: Buffer } => ({
  tree: meta,
  key: ORIGIN,
  value: Buffer.from(sequenceKey(origin), 'latin1'),
});

/** Key of an index that does not have all its entries yet; the value is the id of its table. */
export const UNBUILT = 'unbuilt:';
/** Key that is there while the file may have bytes of redacted data. */
export const UNSCRUBBED = 'unscrubbed';
/** Key of an index whose entries are to be removed; the value is the block that ended it. */
export const DROPPED = 'dropped:';

/**
 * Marks an empty store with the format, and refuses one of another.
 *
 * @throws StoreError
 */
export function checkFormat(path: string, meta: Tree): void {
  const format = meta.get(FORMAT_KEY);
  if (!format) meta.putSync(FORMAT_KEY, Buffer.from([FORMAT]));
  else if (format[0] !== FORMAT)
    throw new StoreError(
      'QLDB_STORE_FORMAT',
      `The ledger in ${path} has format ${format[0]}; this version of nestjs-qldb reads format ${FORMAT}. Open it with the version that wrote it.`,
    );
}
