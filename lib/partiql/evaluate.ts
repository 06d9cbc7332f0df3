import { isTurnLong, nextTurn } from '../async/turns.js';
import { lazyIonValue } from '../ion/lazy-values.js';
import { toIonValue, toNative } from '../ion/native.js';
import { type IonValue, Timestamp } from '../ion/value.js';
import type { Catalog } from './catalog.js';
import {
  parameterCountError,
  unsupportedError,
  type PartiqlError,
} from './errors.js';
import type { SelectStatementNode, StatementNode } from './language/ast.js';
import { Budget, DEFAULT_MEMORY } from './plan/budget.js';
import type { Typing } from './dialect.js';
import type { Run } from './plan/runtime.js';
import { planEvaluation } from './plan/statement.js';
import { StatementRows } from './rows.js';
import { originOf, parseTree, type Origin } from './syntax-tree.js';
import { itemsOf, MISSING, sealed } from './values/kinds.js';

/** What {@link evaluate} works with besides its statement. */
export interface EvaluateOptions {
  /**
   * What names of the statement mean that it does not introduce itself: plain
   * JavaScript or Ion values, as `toIonBinary` takes them. They are read where
   * they are, and only as far as the statement asks, so they must not change
   * before the promise is settled.
   */
  readonly globals?: Readonly<Record<string, unknown>>;
  /** A value for each `?`, in the order of the text. Default: none. */
  readonly parameters?: readonly unknown[];
  /** The rules for wrong types, NULL and MISSING. Default: `'permissive'`, the PartiQL specification's own. */
  readonly typing?: Typing;
  /**
   * How the result is given.
   *
   * - `native`: plain JavaScript, as `fromIonBinary` gives it and rows of a ledger
   *   are. Default.
   * - `ion`: Ion values, without loss.
   */
  readonly values?: 'native' | 'ion';
  /** Ends the evaluation with its reason. */
  readonly signal?: AbortSignal;
  /** Bytes that the statement may hold at a time to sort, group or join. Default: 256 MiB. */
  readonly memory?: number;
  /** What `UTCNOW()` gives. Default: the time at which it is first asked for. */
  readonly now?: Date | Timestamp;
}

/**
 * Evaluates a query over plain data. It gives what the statement means: an array
 * for a collection, such as the rows of a SELECT, else the value. MISSING is
 * `undefined` by itself, no field of an object, and null in an array.
 *
 * A long evaluation gives way to the event loop every few milliseconds.
 *
 * @param statement - its text, or the tree that `parse` made of it
 * @throws PartiqlError if the statement is none, names what is unknown, meets a
 * value that it cannot work with, holds more than its memory, or is no query
 * (`PARTIQL_UNSUPPORTED`: INSERT, UPDATE, DELETE, definitions and procedures need
 * a ledger).
 * @throws IonConversionError that names the place of what has no Ion form.
 *
 * @example
 * ```ts
 * const people = [
 *   { name: 'Ada', age: 36 },
 *   { name: 'Bob', age: 17 },
 * ];
 * await evaluate('SELECT p.name FROM people AS p WHERE p.age >= ?', {
 *   globals: { people },
 *   parameters: [18],
 * }); // [{ name: 'Ada' }]
 * await evaluate('1 + 1'); // 2
 * ```
 */
export async function evaluate<T = unknown>(
  statement: string | StatementNode,
  options: EvaluateOptions = {},
): Promise<T> {
  const { signal, typing = 'permissive', values = 'native' } = options;
  signal?.throwIfAborted();
  const origin = originOf(
    typeof statement === 'string'
      ? parseTree(statement, { typing })
      : statement,
  );
  const query = queryOf(origin);
  const run = runOf(origin, options);
  const { gives, plan } = planEvaluation(origin.text, query, run.catalog, {
    typing,
    globals: globalsOf(options.globals),
  });
  const convert = values === 'native' ? toNative : toIonValue;
  const rows = new StatementRows(plan.rows(run));
  try {
    const result =
      gives === 'rows'
        ? await takeAll(rows, (row) => convert(row))
        : await takeOne(rows, run, convert);
    return result as T;
  } finally {
    rows.close();
  }
}

function queryOf({ statement, text }: Origin): SelectStatementNode {
  const refuse = (what: string): PartiqlError =>
    unsupportedError(
      text,
      statement.at,
      `evaluate() takes queries only: ${what}`,
    );
  switch (statement.kind) {
    case 'SelectStatement':
      return statement;
    case 'Explain':
      throw refuse(
        'EXPLAIN tells how the tables of a ledger would be read, and there is none here',
      );
    case 'Insert':
    case 'Change':
      throw refuse(
        'documents are changed in a ledger, and there is none here; let a query give the new values',
      );
    case 'CreateTable':
    case 'CreateIndex':
    case 'DropTable':
    case 'DropIndex':
    case 'UndropTable':
      throw refuse(
        'tables and indexes belong to a ledger, and there is none here; data is given as globals',
      );
    case 'Exec':
      throw refuse('procedures belong to a ledger, and there is none here');
  }
}

function runOf(origin: Origin, options: EvaluateOptions): Run {
  const { parameters = [], signal, memory = DEFAULT_MEMORY } = options;
  if (parameters.length !== origin.parameterCount)
    throw parameterCountError(origin.parameterCount, parameters.length);
  const rest = async () => {
    await nextTurn();
    signal?.throwIfAborted();
  };
  let now: Timestamp | undefined;
  return {
    catalog: noLedger,
    parameters: parameters.map((value, index) =>
      lazyIonValue(value, `parameters[${index}]`),
    ),
    transactionId: '',
    now: () => (now ??= timestampOf(options.now ?? new Date())),
    pause: () => {
      signal?.throwIfAborted();
      return isTurnLong() ? rest() : undefined;
    },
    budget: new Budget(memory),
    work: 0,
  };
}

function timestampOf(time: Date | Timestamp): Timestamp {
  return time instanceof Timestamp ? time : (toIonValue(time) as Timestamp);
}

function globalsOf(
  globals: EvaluateOptions['globals'] = {},
): ReadonlyMap<string, IonValue> {
  return new Map(
    Object.entries(globals).map(([name, value]) => [
      name,
      value === undefined ? MISSING : lazyIonValue(value, name),
    ]),
  );
}

/** The rows of a query, each converted as it comes. */
async function takeAll(
  rows: StatementRows,
  convert: (row: IonValue) => unknown,
): Promise<unknown[]> {
  const result: unknown[] = [];
  for (;;) {
    const next = rows.next();
    const batch = next instanceof Promise ? await next : next;
    if (batch === undefined) return result;
    for (const row of batch) result.push(convert(row));
  }
}

/** How many elements of a collection are converted between two looks at the clock. */
const ELEMENTS_PER_LOOK = 256;

/** The value of an expression. A long collection is converted with pauses, too. */
async function takeOne(
  rows: StatementRows,
  run: Run,
  convert: (value: IonValue) => unknown,
): Promise<unknown> {
  const [value = MISSING] = (await rows.next()) ?? [];
  const items = itemsOf(value);
  if (items === undefined || items.length <= ELEMENTS_PER_LOOK) {
    const whole = sealed(value);
    return whole === undefined ? undefined : convert(whole);
  }
  const result: unknown[] = [];
  for (let start = 0; start < items.length; start += ELEMENTS_PER_LOOK) {
    const part = sealed(items.slice(start, start + ELEMENTS_PER_LOOK));
    result.push(...(convert(part ?? []) as unknown[]));
    await run.pause?.();
  }
  return result;
}

/** A ledger that has nothing. */
const noLedger: Catalog = {
  version: {},
  relation: () => undefined,
  history: () => undefined,
  createTable: unreachable,
  dropTable: unreachable,
  undropTable: unreachable,
  createIndex: unreachable,
  dropIndex: unreachable,
  redactRevision: unreachable,
};

function unreachable(): never {
  throw new TypeError('a query changes nothing');
}
