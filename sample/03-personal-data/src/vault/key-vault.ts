import type { KeyObject } from 'node:crypto';

/**
 * Keeps a key for each person, outside of the ledger. A key that is destroyed
 * here must be gone: from its copies, and from backups too. Whoever can bring it
 * back can read again what was forgotten.
 */
export abstract class KeyVault {
  /** The key of a person, 256 bits. Made if there is none, and safe from a crash before this resolves. */
  abstract obtain(personId: string): Promise<KeyObject>;
  /** The key of a person, unless there is none, or none any more. */
  abstract find(personId: string): Promise<KeyObject | undefined>;
  /** Gone, for good, when this resolves. Nothing happens when there is none. */
  abstract destroy(personId: string): Promise<void>;
}
