/**
 * What a transactional method does about the transaction that is, or is not,
 * running when it is called.
 *
 * | propagation     | a transaction is running       | none is running   |
 * | --------------- | ------------------------------ | ----------------- |
 * | `REQUIRED`      | joins it                       | begins one        |
 * | `REQUIRES_NEW`  | begins another one beside it   | begins one        |
 * | `SUPPORTS`      | joins it                       | runs without      |
 * | `NOT_SUPPORTED` | runs outside of it             | runs without      |
 * | `MANDATORY`     | joins it                       | `PropagationError` |
 * | `NEVER`         | `PropagationError`             | runs without      |
 *
 * There is no `NESTED`: a ledger has no savepoints, so nothing could be undone
 * on its own.
 *
 * A transaction begun by `REQUIRES_NEW` holds a second session while the first
 * waits, and can come into conflict with it.
 */
export const Propagation = {
  REQUIRED: 'REQUIRED',
  REQUIRES_NEW: 'REQUIRES_NEW',
  SUPPORTS: 'SUPPORTS',
  NOT_SUPPORTED: 'NOT_SUPPORTED',
  MANDATORY: 'MANDATORY',
  NEVER: 'NEVER',
} as const;

export type Propagation = (typeof Propagation)[keyof typeof Propagation];
