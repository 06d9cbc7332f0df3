import type { MaybePromise } from '../async/maybe-promise.js';
import type { Batches } from './contract.js';

/** Maps batch by batch; what is at hand at once stays so. */
export function mapBatches<T, U>(
  batches: Batches<T>,
  map: (batch: readonly T[]) => readonly U[],
): Batches<U> {
  return isSync(batches) ? mapSync(batches, map) : mapAsync(batches, map);
}

function* mapSync<T, U>(
  batches: Iterable<readonly T[]>,
  map: (batch: readonly T[]) => readonly U[],
): Iterable<readonly U[]> {
  for (const batch of batches) yield map(batch);
}

async function* mapAsync<T, U>(
  batches: AsyncIterable<readonly T[]>,
  map: (batch: readonly T[]) => readonly U[],
): AsyncIterable<readonly U[]> {
  for await (const batch of batches) yield map(batch);
}

/** The same with one more batch behind. */
export function appendBatch<T>(
  batches: Batches<T>,
  last: readonly T[],
): Batches<T> {
  if (last.length === 0) return batches;
  return isSync(batches)
    ? appendSync(batches, last)
    : appendAsync(batches, last);
}

function* appendSync<T>(
  batches: Iterable<readonly T[]>,
  last: readonly T[],
): Iterable<readonly T[]> {
  yield* batches;
  yield last;
}

async function* appendAsync<T>(
  batches: AsyncIterable<readonly T[]>,
  last: readonly T[],
): AsyncIterable<readonly T[]> {
  yield* batches;
  yield last;
}

/** One batch, at hand or on its way. */
export function oneBatch<T>(batch: MaybePromise<readonly T[]>): Batches<T> {
  return batch instanceof Promise ? onceSettled(batch) : [batch];
}

async function* onceSettled<T>(
  batch: Promise<readonly T[]>,
): AsyncIterable<readonly T[]> {
  yield await batch;
}

function isSync<T>(batches: Batches<T>): batches is Iterable<readonly T[]> {
  return Symbol.iterator in batches;
}
