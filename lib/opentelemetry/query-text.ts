/**
 * What of a statement: a name (kept), or a literal or comment. Only a parser
 * can tell where an Ion literal ends, so it takes what follows with it.
 */
const PIECES =
  /("[^"]*"|[A-Za-z_$][\w$]*)|'(?:[^']|'')*'?|[`"][^]*|--[^\n]*|\/\*[^]*?(?:\*\/|$)|\d[\w.]*/g;

/**
 * What may be said of a statement in `db.query.text`. One with parameters is
 * told as it is: its values came apart from it. One without gets a `?` for each
 * literal and comment, as the semantic conventions ask for.
 */
export function queryText(statement: string, parameterCount: number): string {
  return parameterCount > 0
    ? statement
    : statement.replaceAll(PIECES, (_piece, name?: string) => name ?? '?');
}

/** The statement's first word, such as `SELECT`. */
export function operationName(statement: string): string | undefined {
  return /^\s*([A-Za-z]+)/.exec(statement)?.[1];
}
