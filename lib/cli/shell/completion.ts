/** Words of the language that statements are made of. */
const KEYWORDS =
  'SELECT VALUE DISTINCT FROM WHERE AND OR NOT IN IS NULL MISSING LIKE BETWEEN AS AT BY JOIN LEFT INNER ON GROUP ORDER LIMIT OFFSET HAVING INSERT INTO UPDATE SET REMOVE DELETE CREATE TABLE INDEX DROP UNDROP EXPLAIN EXEC REDACT_REVISION COUNT SUM MIN MAX AVG EXISTS CASE WHEN THEN ELSE END CAST UNION EXCEPT INTERSECT history information_schema.user_tables'.split(
    ' ',
  );

/** What is no statement. */
export const COMMANDS = [
  'begin',
  'commit',
  'abort',
  'exit',
  '.help',
  '.tables',
  '.format',
  '.timing',
];

/** What the word at the end of a line may become, and that word. */
export function complete(
  line: string,
  tables: readonly string[],
): [string[], string] {
  const [word = ''] = /[\w."$]*$/.exec(line) ?? [];
  if (word === '') return [[], ''];
  const isFirst = line.trim() === word;
  const names = tables.flatMap((name) => [name, `_ql_committed_${name}`]);
  const all = [...names, ...KEYWORDS, ...(isFirst ? COMMANDS : [])];
  const start = word.toLowerCase();
  return [all.filter((one) => one.toLowerCase().startsWith(start)), word];
}
