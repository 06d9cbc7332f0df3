import type { IonValue } from '../../ion/value.js';
import type { Catalog } from '../catalog.js';
import { syntaxError, PartiqlError } from '../errors.js';
import type * as Ast from '../language/ast.js';
import { MISSING, sealed } from '../values/kinds.js';
import { Budget } from './budget.js';
import { compileChange, compileInsert } from './change.js';
import { PlanContext, type Compilers } from './context.js';
import type { Typing } from '../dialect.js';
import { compileDefinition, compileExec } from './definition.js';
import { compileExpression } from './expression/index.js';
import { compileRows } from './expression/operand.js';
import { rowsOf } from './source-stages.js';
import { explained, planExplanation } from './explain.js';
import { compileQuery } from './query.js';
import { selectOf } from './select-of.js';
import { compileSubquery } from './subquery.js';
import { BATCH, framesOf, runStages, turn, Wait, type Run } from './runtime.js';
import type { RowFlow } from '../rows.js';
import type { StatementPlan } from './statement-plan.js';
import { writtenOut } from './written-out.js';
import { Scope } from './scope.js';

const compilers: Compilers = {
  expression: compileExpression,
  subquery: compileSubquery,
};

/** Settings of one plan besides its text. */
export interface PlanOptions {
  readonly typing?: Typing;
  /** Values that names mean which are neither variables nor tables. */
  readonly globals?: ReadonlyMap<string, IonValue>;
}

/**
 * Resolves the names of a statement against a catalog, and compiles it. The
 * plan holds no relation: it asks for them by name in every run, so that it can
 * serve every transaction that sees the same catalog.
 */
export function planStatement(
  source: string,
  node: Ast.StatementNode,
  catalog: Pick<Catalog, 'relation'>,
  options: PlanOptions = {},
): StatementPlan {
  return planOf(contextOf(source, catalog, options), node);
}

function contextOf(
  source: string,
  catalog: Pick<Catalog, 'relation'>,
  { typing = 'qldb', globals }: PlanOptions,
): PlanContext {
  return new PlanContext(source, catalog, typing, compilers, globals);
}

function planOf(context: PlanContext, node: Ast.StatementNode): StatementPlan {
  switch (node.kind) {
    case 'Explain':
      return planExplanation(planOf(context, node.statement));
    case 'SelectStatement':
      return planQuery(context, node);
    case 'Insert':
      return compileInsert(context, node);
    case 'Change':
      return compileChange(context, node);
    case 'Exec':
      return compileExec(context, node);
    case 'CreateTable':
    case 'CreateIndex':
    case 'DropTable':
    case 'DropIndex':
    case 'UndropTable':
      return compileDefinition(context, node);
  }
}

function planQuery(
  context: PlanContext,
  { query }: Ast.SelectStatementNode,
): StatementPlan {
  const plan = compileQuery(context, query, new Scope());
  if (plan === undefined) return planExpression(context, query);
  const { stages, output } = plan;
  const { mayHoldMissing } = context;
  function* rows(run: Run): RowFlow {
    // As `framesOf` does it, without a generator in between.
    for (const frames of runStages(stages, context.emptyFrame(), run)) {
      const pause = turn(run, BATCH);
      if (pause !== undefined) yield new Wait(pause);
      if (frames instanceof Wait) {
        yield frames;
        continue;
      }
      const rows: IonValue[] = [];
      for (const frame of frames) {
        const value = frame[output];
        const row = mayHoldMissing ? sealed(value) : value;
        if (row !== undefined && row !== MISSING) rows.push(row);
      }
      if (rows.length > 0) yield rows;
    }
  }
  return { rows, explain: (run) => explained(stages, run) };
}

/**
 * A statement that is an expression: the members of a collection are its rows,
 * any other value is the one row. A name by itself is refused, as QLDB does.
 */
function planExpression(
  context: PlanContext,
  query: Ast.Expression,
): StatementPlan {
  if (query.kind === 'Variable') {
    const { line, column } = query.at;
    const { message } = syntaxError(context.source, query.at, '');
    throw new PartiqlError(
      'PARTIQL_SYNTAX',
      `Unsupported PartiQL Statement, Errors at:\nline ${line}, column ${column}\n${message.slice(message.indexOf('\n') + 1)}`,
    );
  }
  const value = planValue(context, query);
  function* rows(run: Run): RowFlow {
    for (const values of value.rows(run)) {
      if (values instanceof Wait) {
        yield values;
        continue;
      }
      for (const each of values) {
        yield rowsOf(each)
          .map(sealed)
          .filter((row) => row !== undefined);
      }
    }
  }
  return { rows, explain: value.explain };
}

/** Gives the one value of an expression, with MISSING and bags as they are. */
function planValue(context: PlanContext, query: Ast.Expression): StatementPlan {
  const { result: evaluate, stages } = context.withHoists(() =>
    compileRows(context, query, new Scope()),
  );
  function* rows(run: Run): RowFlow {
    for (const frames of framesOf(
      runStages(stages, context.emptyFrame(), run),
      run,
    )) {
      yield frames instanceof Wait
        ? frames
        : frames.map((frame) => evaluate(frame, run));
    }
  }
  return {
    rows,
    explain: (run) => [
      ...explained(stages, run),
      { operation: 'expression', on: writtenOut(query) },
    ],
  };
}

/** What a query comes to: the rows of a collection as they are found, or the one value of any other expression, which may be MISSING. */
export interface Evaluation {
  readonly gives: 'rows' | 'value';
  readonly plan: StatementPlan;
}

/** Plans a query by itself, without a ledger: its names mean the globals of the options. */
export function planEvaluation(
  source: string,
  node: Ast.SelectStatementNode,
  catalog: Pick<Catalog, 'relation'>,
  options: PlanOptions,
): Evaluation {
  const context = contextOf(source, catalog, options);
  const projection = selectOf(node.query)?.projection.kind;
  return projection === undefined || projection === 'Pivot'
    ? { gives: 'value', plan: planValue(context, node.query) }
    : { gives: 'rows', plan: planQuery(context, node) };
}

/** The value of an expression without a ledger, with MISSING and bags as they are; for tests of the language. */
export async function evaluateExpression(
  source: string,
  query: Ast.Expression,
  catalog: Catalog,
  options: PlanOptions,
): Promise<IonValue> {
  const plan = planValue(contextOf(source, catalog, options), query);
  const run: Run = {
    catalog,
    parameters: [],
    transactionId: '',
    now: () => {
      throw new TypeError('there is no time here');
    },
    budget: new Budget(),
    work: 0,
  };
  for (const values of plan.rows(run)) {
    if (values instanceof Wait) values.value = await values.promise;
    else for (const value of values) return value;
  }
  return MISSING;
}
