import { Wait } from '../runtime.js';

/** Batches as they come, with pauses where they have to be waited for. */
export function* batchesIn<T>(
  batches: Iterable<readonly T[]> | AsyncIterable<readonly T[]>,
): Iterable<readonly T[] | Wait<unknown>> {
  if (Symbol.iterator in batches) {
    yield* batches;
    return;
  }
  const iterator = batches[Symbol.asyncIterator]();
  let done = false;
  try {
    for (;;) {
      const wait = new Wait(iterator.next());
      yield wait;
      const { value } = wait;
      done = value?.done !== false;
      if (value === undefined || value.done === true) return;
      yield value.value;
    }
  } finally {
    // Nobody waits for the end of what is left unread.
    if (!done) iterator.return?.().catch(() => undefined);
  }
}
