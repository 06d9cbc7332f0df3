import { identifier } from '../identifier.js';
import type { RowQuery } from '../rows/row-query.js';
import type { HistoryRange } from './revision.js';

/** The statement that reads a table's history, oldest revisions first. */
export function historyQuery(
  table: string,
  { documentId, from, to }: HistoryRange,
): Required<Pick<RowQuery, 'statement' | 'parameters'>> {
  // The times come in order: without a first one, it is the beginning of all.
  const times = [
    ...((from ?? to) ? [from ?? new Date(0)] : []),
    ...(to ? [to] : []),
  ];
  const range = [identifier(table), ...times.map(() => '?')].join(', ');
  const [condition, ids] =
    documentId === undefined
      ? ['', []]
      : [' WHERE h.metadata.id = ?', [documentId]];
  return {
    statement: `SELECT * FROM history(${range}) AS h${condition}`,
    parameters: [...times, ...ids],
  };
}
