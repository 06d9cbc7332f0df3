import type { LedgerStore } from './contract.js';

/** A text that is kept beside the store of a ledger. */
export interface StoreNote {
  read(): Promise<string | undefined>;
  /** Durable when the promise resolves. */
  write(text: string): Promise<void>;
}

/** How a store is put in the place of another. */
export interface ReplaceOptions {
  /** What a fill that failed has written stays, and the next one finds it in its store. */
  readonly goesOn?: boolean;
  /** What an earlier fill has left does not stay. */
  readonly anew?: boolean;
}

/** A place with the stores of ledgers, each under the ledger's name. */
export interface StoreHome {
  /** The ledgers that are there, sorted. */
  names(): Promise<readonly string[]>;
  has(name: string): Promise<boolean>;
  /** Opens the store of a ledger, and makes it if there is none. @throws StoreError */
  open(name: string): Promise<LedgerStore>;
  /**
   * Makes a store beside the place of a ledger, lets it be filled, and puts it
   * there, in one step, when that has gone well. What was there before is kept.
   *
   * @param fill - what fills the new store; when it fails, nothing has changed
   * @returns what `fill` returned, and where that is which was there before, if there was anything
   */
  replace<T>(
    name: string,
    fill: (store: LedgerStore) => Promise<T>,
    options?: ReplaceOptions,
  ): Promise<{ readonly result: T; readonly former?: string }>;
  /** Removes a closed store. In one step it is no ledger any more, even if the rest is cut short. */
  remove(name: string): Promise<void>;
  /** How many bytes it takes; undefined if that cannot be told. */
  size(name: string): Promise<number | undefined>;
  note(name: string): StoreNote;
}
