import { QldbOptionsError } from '../errors/module.errors.js';

/** A streamed statement, with how it is to be read. */
export interface RowQuery {
  readonly statement: string;
  readonly parameters?: readonly unknown[];

  /**
   * How the transaction of the stream ends.
   *
   * - `serializable` (default): with a commit, which checks that nothing that
   *   was read has changed meanwhile. If something has, the stream ends in an
   *   `OccConflictException`.
   * - `snapshot`: without that check. The rows are exactly those of the moment
   *   at which the stream began, whatever has been written since. For a long
   *   scan of a busy table, which would otherwise always end in a conflict.
   */
  readonly consistency?: 'serializable' | 'snapshot';

  /**
   * When the rows leave.
   *
   * - `immediate` (default): as they are read. They are final when the stream
   *   completes.
   * - `committed`: all together after the commit, so that no row of a failed
   *   transaction is ever seen. Until then they are held in memory; a conflict
   *   is retried.
   */
  readonly delivery?: 'immediate' | 'committed';
}

const CHOICES = {
  consistency: ['serializable', 'snapshot'],
  delivery: ['immediate', 'committed'],
} as const;

/** @throws QldbOptionsError */
export function checkRowQuery(query: RowQuery): void {
  const problems: string[] = [];
  for (const [option, choices] of Object.entries(CHOICES)) {
    const given = query[option as keyof typeof CHOICES];
    if (given !== undefined && !(choices as readonly string[]).includes(given))
      problems.push(`${option} is '${choices.join("' or '")}'.`);
  }
  if (query.consistency === 'snapshot' && query.delivery === 'committed')
    problems.push(
      "delivery: 'committed' waits for a commit, and consistency: 'snapshot' has none. Leave one of them out.",
    );
  if (problems.length > 0)
    throw new QldbOptionsError('The stream cannot be read like this', problems);
}
