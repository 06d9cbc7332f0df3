import { afterAll, describe, expect, it } from 'vitest';
import { readCases, type Case } from './partiql-cases.js';
import { failuresOf, type Mode } from './partiql-check.js';
import { skips } from './partiql-skips.js';
import { AreaTable, suiteFolder, Tally } from './suite.js';

const folder = suiteFolder(
  'PARTIQL_TESTS',
  '../shared/data/partiql-tests',
  'partiql-tests',
);

/** Why a case is left out in a mode; undefined if it is not. `single`: it is listed by its own name. */
function skipOf(
  each: Case,
  mode: Mode,
): { reason: string; single: boolean } | undefined {
  const listed = skips.find(
    (skip) =>
      each.file.startsWith(skip.file) &&
      (skip.mode === undefined || skip.mode === mode) &&
      (skip.name === undefined ||
        (typeof skip.name === 'string'
          ? each.name === skip.name
          : skip.name.test(each.name))),
  );
  return (
    listed && {
      reason: listed.reason,
      single: typeof listed.name === 'string',
    }
  );
}

describe.skipIf(folder === undefined)('partiql-tests', () => {
  const tally = new Tally('partiql-tests');
  const table = new AreaTable('partiql-tests');
  afterAll(() => {
    tally.print();
    table.print();
  });

  const unreadable: string[] = [];
  const cases =
    folder === undefined
      ? []
      : readCases(folder, (file) => unreadable.push(file));
  const files = new Set(cases.map(({ file }) => file));

  for (const file of files) {
    const list = cases.filter((each) => each.file === file);
    it(file, async () => {
      const wrong: string[] = [];
      for (const each of list) {
        let reason: string | undefined;
        let hasFailed = false;
        for (const [mode, failure] of await failuresOf(each)) {
          const skip = skipOf(each, mode);
          if (skip !== undefined) {
            reason ??= skip.reason;
            table.add(areaOf(file), mode, 'skipped');
            if (failure === undefined && skip.single) {
              wrong.push(
                `${each.name}, ${mode}: it passes, so take it off the list`,
              );
            }
          } else if (failure !== undefined) {
            hasFailed = true;
            table.add(areaOf(file), mode, 'failed');
            wrong.push(`${each.name}, ${mode}: ${failure}`);
          } else table.add(areaOf(file), mode, 'passed');
        }
        if (hasFailed) tally.fail();
        else if (reason !== undefined) tally.skip(reason);
        else tally.pass();
      }
      expect(wrong).toEqual([]);
    });
  }
});

/** `partiql-tests-data-extended/eval/primitives/functions/size.ion` is of `eval/primitives/functions`. */
function areaOf(file: string): string {
  return file.split('/').slice(1, -1).join('/');
}
