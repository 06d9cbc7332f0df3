import {
  Decimal,
  IonFloat,
  IonSexp,
  IonStruct,
  type IonValue,
} from '../../lib/ion/value.js';
import type { Catalog } from '../../lib/partiql/catalog.js';
import { parse } from '../../lib/partiql/language/parser/index.js';
import type { Typing } from '../../lib/partiql/dialect.js';
import { evaluateExpression } from '../../lib/partiql/plan/statement.js';
import { compareValues } from '../../lib/partiql/values/compare.js';
import {
  Bag,
  bare,
  isUnknown,
  itemsOf,
  MISSING,
} from '../../lib/partiql/values/kinds.js';
import { dateOf } from '../../lib/partiql/values/dates.js';
import { timeOf } from '../../lib/partiql/values/times.js';
import type { Assertion, Case } from './partiql-cases.js';

/** What the suite calls a mode, and what it is here. */
export type Mode = 'EvalModeError' | 'EvalModeCoerce' | 'syntax';

const TYPING_OF_MODE: Readonly<Record<string, Typing>> = {
  EvalModeError: 'strict',
  EvalModeCoerce: 'permissive',
};

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

/** What went wrong with a case in each mode that it speaks of; undefined where it holds. */
export async function failuresOf(
  each: Case,
): Promise<ReadonlyMap<Mode, string | undefined>> {
  const failures = new Map<Mode, string | undefined>();
  for (const assertion of each.assertions) {
    for (const mode of modesOf(assertion)) {
      for (const statement of each.statements) {
        const failure = await check(statement, assertion, mode, each.env);
        failures.set(mode, failures.get(mode) ?? failure);
      }
    }
  }
  return failures;
}

/**
 * The text is only parsed, or its types are checked: an analysis of types is
 * what the strict mode does, as a wrong one is MISSING in the other (`MOD(NULL,
 * 'some string')` in eval/primitives/functions/mod.ion).
 */
function modesOf({ modes, result }: Assertion): readonly Mode[] {
  if (result.startsWith('Syntax')) return ['syntax'];
  if (result === 'StaticAnalysisFail') return ['EvalModeError'];
  return modes as readonly Mode[];
}

async function check(
  statement: string,
  { result, output = MISSING }: Assertion,
  mode: Mode,
  env: ReadonlyMap<string, IonValue>,
): Promise<string | undefined> {
  const typing = TYPING_OF_MODE[mode] ?? 'strict';
  switch (result) {
    case 'SyntaxSuccess':
      return failureToParse(statement, typing);
    case 'SyntaxFail':
      return failureToParse(statement, typing) === undefined
        ? 'it parses'
        : undefined;
    case 'StaticAnalysisFail':
    case 'EvaluationFail': {
      const { error } = await evaluate(statement, env, typing);
      return error === undefined ? 'it gives a value' : undefined;
    }
    default: {
      const { value, error } = await evaluate(statement, env, typing);
      if (value === undefined) return error;
      return isSame(value, output) ? undefined : 'another value';
    }
  }
}

function failureToParse(statement: string, typing: Typing): string | undefined {
  try {
    parse(statement, { typing });
    return undefined;
  } catch (error) {
    return String(error);
  }
}

/** The value of a query, or why it has none. */
export async function evaluate(
  source: string,
  globals: ReadonlyMap<string, IonValue>,
  typing: Typing,
): Promise<{ value?: IonValue; error?: string }> {
  try {
    const { statement } = parse(source, { typing });
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

/** Equal, and of the same types; the suite writes texts as strings and as symbols. */
export function isSame(value: IonValue, expected: IonValue): boolean {
  const a = bare(value);
  const b = bare(expected);
  if (isUnknown(a) || isUnknown(b)) {
    return isUnknown(a) && isUnknown(b) && (a === MISSING) === (b === MISSING);
  }
  const itemsA = itemsOf(a);
  const itemsB = itemsOf(b);
  if (itemsA !== undefined && itemsB !== undefined) {
    if (a instanceof Bag !== b instanceof Bag) return false;
    if (a instanceof IonSexp !== b instanceof IonSexp) return false;
    if (a instanceof Bag) return isSameBag(itemsA, itemsB);
    return (
      itemsA.length === itemsB.length &&
      itemsA.every((item, index) => isSame(item, itemsB[index] ?? null))
    );
  }
  if (a instanceof IonStruct && b instanceof IonStruct) {
    return isSameBag(a.fields(), b.fields());
  }
  return (
    a instanceof Decimal === b instanceof Decimal &&
    a instanceof IonFloat === b instanceof IonFloat &&
    isSameDateTimeType(a, b) &&
    compareValues(a, b) === 0
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

function isSameBag(a: readonly IonValue[], b: readonly IonValue[]): boolean {
  if (a.length !== b.length) return false;
  const left = [...b];
  return a.every((item) => {
    const index = left.findIndex((other) => isSame(item, other));
    if (index < 0) return false;
    left.splice(index, 1);
    return true;
  });
}
