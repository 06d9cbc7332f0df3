import { BATCH_SIZE } from '../contract.js';

/** A page of large values has fewer of them. */
const PAGE_BYTES = 4 << 20;

/** How many rows the next page may have. */
export function nextLimit(
  page: readonly { readonly data?: Uint8Array | undefined }[],
  limit: number,
): number {
  const bytes = page.reduce((sum, { data }) => sum + (data?.length ?? 0), 0);
  if (page.length === 0 || bytes === 0) return limit;
  const fitting = Math.floor(PAGE_BYTES / (bytes / page.length));
  return Math.max(1, Math.min(fitting, 5 * BATCH_SIZE));
}
