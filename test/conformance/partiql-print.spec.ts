import { afterAll, describe, it } from 'vitest';
import { expectSame, parses } from '../partiql/language/tree.js';
import { readCases } from './partiql-cases.js';
import { suiteFolder, Tally } from './suite.js';

const folder = suiteFolder(
  'PARTIQL_TESTS',
  '../shared/data/partiql-tests',
  'partiql-tests, printed',
);

/** A statement that parses says the same when it is printed, and is printed as the same text from then on. */
describe.skipIf(folder === undefined)('partiql-tests, printed', () => {
  const tally = new Tally('partiql-tests, printed');
  afterAll(() => tally.print());

  const cases = folder === undefined ? [] : readCases(folder, () => undefined);
  const files = new Set(cases.map(({ file }) => file));

  for (const file of files) {
    const statements = new Set(
      cases
        .filter((each) => each.file === file)
        .flatMap((each) => each.statements),
    );
    it(file, () => {
      for (const statement of statements) {
        if (parses(statement)) tally.run(() => expectSame(statement));
        else tally.skip('no statement');
      }
    });
  }
});
