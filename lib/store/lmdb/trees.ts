import {
  type Database,
  open,
  type RootDatabase,
  type RootDatabaseOptions,
  type RootDatabaseOptionsWithPath,
} from 'lmdb';
import { keyEncoder } from './keys.js';

export type Tree = Database<Buffer, string>;
export type Root = RootDatabase<Buffer, string>;

/** Opens the data file in a folder, or makes it. */
export function openRoot(path: string): Root {
  const options: RootDatabaseOptionsWithPath & { permissionsMode: number } = {
    path,
    // A folder name with a dot in it is still a folder.
    noSubdir: false,
    maxDbs: 16,
    // With it, a commit would be acknowledged before it is flushed.
    overlappingSync: false,
    // LMDB's types do not know it.
    permissionsMode: 0o600,
    encoding: 'binary',
  };
  return open<Buffer, string>(options as RootDatabaseOptionsWithPath);
}

/**
 * Values are bytes. They are copied out of LMDB's own buffer into shared ones:
 * LMDB would make an `ArrayBuffer` for each, which takes longer than all the
 * rest of a read, and hundreds of thousands of which stop the process for a while.
 */
const copies = {
  encode: (value: Buffer) => value,
  /** @param size - in a range: of the buffer only so much is the value */
  decode(bytes: Buffer, size: unknown): Buffer {
    const length = typeof size === 'number' ? size : bytes.length;
    const copy = Buffer.allocUnsafe(length);
    copy.set(new Uint8Array(bytes.buffer, bytes.byteOffset, length));
    return copy;
  },
};

/** The trees of one ledger. All but `meta` and `owner` can be made anew from the blocks. */
export class Trees {
  /** Blocks by sequence number, with the Merkle nodes that they complete. */
  readonly blocks: Tree;
  /** The current revision of each document that is not deleted. */
  readonly documents: Tree;
  /** The revisions before the current one, and those that delete a document. */
  readonly superseded: Tree;
  /** Which documents of a table were deleted, by the block that did it; no values. */
  readonly deleted: Tree;
  /** Under which keys of indexes documents stand now; no values. */
  readonly entries: Tree;
  /** Under which keys they stood, by the block that ended it; no values. */
  readonly endedEntries: Tree;
  /** The format, and the indexes that are being built or removed. */
  readonly meta: Tree;
  /** Who may write; its version is checked with every write. */
  readonly owner: Tree;

  constructor(readonly root: Root) {
    const open = (name: string, useVersions = false): Tree => {
      // LMDB's types have a key encoder for the root alone.
      const options: RootDatabaseOptions = {
        encoder: copies,
        keyEncoder,
        useVersions,
      };
      return root.openDB<Buffer, string>(name, options);
    };
    this.blocks = open('blocks');
    this.documents = open('documents');
    this.superseded = open('superseded');
    this.deleted = open('deleted');
    this.entries = open('entries');
    this.endedEntries = open('endedEntries');
    this.meta = open('meta');
    this.owner = open('owner', true);
  }
}

/** The value of a tree that has keys alone. */
export const NOTHING = Buffer.alloc(0);
