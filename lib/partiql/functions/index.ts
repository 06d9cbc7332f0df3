import { collectionFunctions } from './collections.js';
import { dateTimeFunctions } from './date-time.js';
import { numberFunctions } from './numbers.js';
import type { ScalarFunction } from './scalar-function.js';
import { stringFunctions } from './strings.js';

export type { ScalarFunction } from './scalar-function.js';

/** All functions by their name in lower case. */
export const functions: ReadonlyMap<string, ScalarFunction> = new Map([
  ...stringFunctions,
  ...numberFunctions,
  ...collectionFunctions,
  ...dateTimeFunctions,
]);
