import { isTrue } from './context.js';
import { mapping, type Evaluate, type Stage } from './runtime.js';

/**
 * Keeps the frames for which a condition is TRUE.
 *
 * @param text - the condition as EXPLAIN shows it; absent where another step tells of it
 */
export function filtering(holds: Evaluate, text?: () => string): Stage {
  const stage = mapping((frame, run) => isTrue(holds(frame, run)));
  return text === undefined
    ? stage
    : { ...stage, explain: () => [{ operation: 'filter', on: text() }] };
}
