import type { SymbolTable } from './symbol-table.js';

interface Entry {
  readonly bytes: Uint8Array;
  readonly table: SymbolTable;
}

/** How many tables are kept; a power of two. */
const SLOTS = 256;
/** Longer tables are not kept. */
const MAX_BYTES = 4096;

/**
 * Symbol tables by the bytes that say them. Documents of one table of a ledger
 * mostly carry the same symbol table, so reading it is mostly finding it here.
 * Each table has one slot it can stand in, and displaces who stood there.
 */
const slots = Array.from<Entry | undefined>({ length: SLOTS });
let last: Entry | undefined;

/** The table that the bytes from `start` to `end` say, if it is known. */
export function cachedTable(
  bytes: Uint8Array,
  start: number,
  end: number,
): SymbolTable | undefined {
  const length = end - start;
  if (length > MAX_BYTES) return undefined;
  if (last !== undefined && same(last.bytes, bytes, start, length)) {
    return last.table;
  }
  const entry = slots[slotOf(bytes, start, end)];
  if (entry === undefined || !same(entry.bytes, bytes, start, length)) {
    return undefined;
  }
  last = entry;
  return entry.table;
}

/** Keeps the table that the bytes from `start` to `end` say. */
export function cacheTable(
  bytes: Uint8Array,
  start: number,
  end: number,
  table: SymbolTable,
): void {
  if (end - start > MAX_BYTES) return;
  last = { bytes: new Uint8Array(bytes.subarray(start, end)), table };
  slots[slotOf(bytes, start, end)] = last;
}

function same(
  known: Uint8Array,
  bytes: Uint8Array,
  start: number,
  length: number,
): boolean {
  if (known.length !== length) return false;
  for (let i = 0; i < length; i++) {
    if (known[i] !== bytes[start + i]) return false;
  }
  return true;
}

/** FNV-1a. */
function slotOf(bytes: Uint8Array, start: number, end: number): number {
  let hash = 0x811c9dc5;
  for (let i = start; i < end; i++) {
    hash = Math.imul(hash ^ bytes[i], 0x01000193);
  }
  return (hash ^ (hash >>> 16)) & (SLOTS - 1);
}
