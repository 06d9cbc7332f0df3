import { afterAll, describe, expect, it } from 'vitest';
import {
  Decimal,
  IonFloat,
  IonStruct,
  type IonValue,
} from '../../lib/ion/value.js';
import type { Catalog } from '../../lib/partiql/catalog.js';
import { parse } from '../../lib/partiql/language/parser/index.js';
import type { Typing } from '../../lib/partiql/plan/dialect.js';
import { evaluateExpression } from '../../lib/partiql/plan/statement.js';
import { compareValues } from '../../lib/partiql/values/compare.js';
import { dateOf } from '../../lib/partiql/values/dates.js';
import {
  Bag,
  bare,
  isUnknown,
  itemsOf,
  MISSING,
} from '../../lib/partiql/values/kinds.js';
import { timeOf } from '../../lib/partiql/values/times.js';
import { readCases, type Assertion, type Case } from './partiql-cases.js';
import { skips } from './partiql-skips.js';
import { suiteFolder, Tally } from './suite.js';

const folder = suiteFolder(
  'PARTIQL_TESTS',
  '../shared/data/partiql-tests',
  'partiql-tests',
);

/** A ledger without tables: the environment of a case comes as globals. */
const catalog: Catalog = {
  version: {},
  relation: () => undefined,
  history: () => undefined,
  createTable: refuse,
  dropTable: refuse,
  undropTable: refuse,
  createIndex: refuse,
  dropIndex: refuse,
  redactRevision: refuse,
};

function refuse(): never {
  throw new Error('the suite defines nothing');
}

/** What went wrong with a case; undefined if it holds. */
async function failureOf(each: Case): Promise<string | undefined> {
  for (const statement of each.statements) {
    for (const assertion of each.assertions) {
      const failure = await check(statement, assertion, each.env);
      if (failure !== undefined) return failure;
    }
  }
  return undefined;
}

async function check(
  statement: string,
  assertion: Assertion,
  env: ReadonlyMap<string, IonValue>,
): Promise<string | undefined> {
  switch (assertion.result) {
    case 'SyntaxSuccess':
      return failureToParse(statement);
    case 'SyntaxFail':
      return failureToParse(statement) === undefined ? 'it parses' : undefined;
    case 'StaticAnalysisFail':
    case 'EvaluationFail': {
      const typings = typingsOf(assertion).filter(
        // What is an error to one mode may be NULL in QLDB's dialect.
        (typing) => assertion.modes.length !== 1 || typing === 'permissive',
      );
      for (const typing of typings) {
        const result = await evaluate(statement, env, typing);
        if (result.error === undefined) return `${typing}: it gives a value`;
      }
      return undefined;
    }
    default: {
      for (const typing of typingsOf(assertion)) {
        const { value, error } = await evaluate(statement, env, typing);
        if (value === undefined) return `${typing}: ${error}`;
        const { output = MISSING } = assertion;
        if (!isSame(value, output, typing)) {
          return `${typing}: another value`;
        }
      }
      return undefined;
    }
  }
}

/** `EvalModeCoerce` is the permissive typing; QLDB's own is nearest to `EvalModeError`. */
function typingsOf({ modes, result }: Assertion): readonly Typing[] {
  if (result === 'StaticAnalysisFail') return ['qldb'];
  return modes.map((mode) =>
    mode === 'EvalModeCoerce' ? 'permissive' : 'qldb',
  );
}

function failureToParse(statement: string): string | undefined {
  try {
    parse(statement);
    return undefined;
  } catch (error) {
    return String(error);
  }
}

async function evaluate(
  source: string,
  globals: ReadonlyMap<string, IonValue>,
  typing: Typing,
): Promise<{ value?: IonValue; error?: string }> {
  try {
    const { statement } = parse(source);
    if (statement.kind !== 'SelectStatement') return { error: 'no query' };
    const options = { typing, globals };
    return {
      value: await evaluateExpression(
        source,
        statement.query,
        catalog,
        options,
      ),
    };
  } catch (error) {
    return { error: String(error) };
  }
}

/** Equal, and of the same types; in QLDB's dialect NULL stands for what the suite calls MISSING. */
function isSame(value: IonValue, expected: IonValue, typing: Typing): boolean {
  const a = bare(value);
  const b = bare(expected);
  if (isUnknown(a) || isUnknown(b)) {
    if (typing === 'qldb') return isUnknown(a) && isUnknown(b);
    return isUnknown(a) && isUnknown(b) && (a === MISSING) === (b === MISSING);
  }
  if (a instanceof Bag !== b instanceof Bag) return false;
  const itemsA = itemsOf(a);
  const itemsB = itemsOf(b);
  if (itemsA !== undefined && itemsB !== undefined) {
    return (
      itemsA.length === itemsB.length &&
      (a instanceof Bag
        ? isSameBag(itemsA, itemsB, typing)
        : itemsA.every((item, index) =>
            isSame(item, itemsB[index] ?? null, typing),
          ))
    );
  }
  if (a instanceof IonStruct && b instanceof IonStruct) {
    return isSameBag(fieldsOf(a, typing), fieldsOf(b, typing), typing);
  }
  const isSameNumberType =
    a instanceof Decimal === b instanceof Decimal &&
    a instanceof IonFloat === b instanceof IonFloat;
  return (
    isSameNumberType && isSameDateTimeType(a, b) && compareValues(a, b) === 0
  );
}

/** A date is no timestamp, a time with a zone none without, and neither is in another zone. */
function isSameDateTimeType(a: IonValue, b: IonValue): boolean {
  const x = timeOf(a);
  const y = timeOf(b);
  return (
    (dateOf(a) === undefined) === (dateOf(b) === undefined) &&
    x?.offset === y?.offset
  );
}

/** Fields as pairs. NULL for MISSING makes a field where the suite has none. */
function fieldsOf(struct: IonStruct, typing: Typing): readonly IonValue[] {
  return struct
    .fields()
    .filter(([, value]) => typing !== 'qldb' || !isUnknown(value));
}

function isSameBag(
  a: readonly IonValue[],
  b: readonly IonValue[],
  typing: Typing,
): boolean {
  if (a.length !== b.length) return false;
  const left = [...b];
  return a.every((item) => {
    const index = left.findIndex((other) => isSame(item, other, typing));
    if (index < 0) return false;
    left.splice(index, 1);
    return true;
  });
}

/** Why a case is left out; undefined if it is not. `single`: it is listed by its own name. */
function skipOf(each: Case): { reason: string; single: boolean } | undefined {
  const listed = skips.find(
    ({ file, name }) =>
      each.file.startsWith(file) &&
      (name === undefined ||
        (typeof name === 'string' ? each.name === name : name.test(each.name))),
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
  afterAll(() => tally.print());

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
        const skip = skipOf(each);
        const failure = await failureOf(each);
        if (skip !== undefined) {
          tally.skip(skip.reason);
          if (failure === undefined && skip.single) {
            wrong.push(`${each.name}: it passes, so take it off the list`);
          }
          continue;
        }
        try {
          tally.run(() => {
            if (failure !== undefined) throw new Error(failure);
          });
        } catch {
          wrong.push(`${each.name}: ${failure ?? ''}`);
        }
      }
      expect(wrong).toEqual([]);
    });
  }
});
