import { QldbNestError } from './errors/qldb-nest.error.js';

/** A table or a field has a name that cannot stand in a statement. */
export class IdentifierError extends QldbNestError {
  constructor(name: unknown) {
    super(
      'QLDB_IDENTIFIER',
      `${typeof name === 'string' ? JSON.stringify(name.slice(0, 64)) : `A ${typeof name}`} is no name of a table or a field. Use letters, digits and underscores, at most 128, and no digit first.`,
    );
  }
}

const IDENTIFIER = /^[A-Za-z_][A-Za-z0-9_]{0,127}$/;

/**
 * A name as a statement can have it: quoted, so that it is taken as it is, and
 * checked, so that it is never anything but a name.
 *
 * @throws IdentifierError
 */
export function identifier(name: string): string {
  if (typeof name === 'string' && IDENTIFIER.test(name)) return `"${name}"`;
  throw new IdentifierError(name);
}
