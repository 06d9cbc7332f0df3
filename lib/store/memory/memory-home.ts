import type { LedgerStore } from '../contract.js';
import { StoreError } from '../store-errors.js';
import type { StoreHome } from '../store-home.js';
import { MemoryStore } from './memory-store.js';

/** Where every store is new, and gone when it is closed. */
export class MemoryHome implements StoreHome {
  async names(): Promise<readonly string[]> {
    return [];
  }

  async has(): Promise<boolean> {
    return false;
  }

  async open(): Promise<LedgerStore> {
    return new MemoryStore();
  }

  replace(): Promise<never> {
    return Promise.reject(
      new StoreError(
        'QLDB_STORE_UNKNOWN',
        "A ledger in memory is gone with its process: use 'file:<folder>' or 'postgres://…'.",
      ),
    );
  }

  async remove(): Promise<void> {}

  async size(): Promise<undefined> {}

  note(): ReturnType<StoreHome['note']> {
    return { read: async () => undefined, write: async () => {} };
  }
}
