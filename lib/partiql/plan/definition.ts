import type { MaybePromise } from '../../async/maybe-promise.js';
import { IonStruct } from '../../ion/value.js';
import { evaluationError } from '../errors.js';
import type * as Ast from '../language/ast.js';
import { structOf, textOf } from '../values/kinds.js';
import { collectFrames } from './change.js';
import type { PlanContext } from './context.js';
import { explained } from './explain.js';
import { answerOf, type Run } from './runtime.js';
import { Scope } from './scope.js';
import type { RowFlow } from '../rows.js';
import type { StatementPlan } from './statement-plan.js';
import { print } from '../language/print/index.js';

/** CREATE, DROP and UNDROP: one row, with the id of the table. */
export function compileDefinition(
  context: PlanContext,
  node:
    | Ast.CreateTableNode
    | Ast.CreateIndexNode
    | Ast.DropTableNode
    | Ast.DropIndexNode
    | Ast.UndropTableNode,
): StatementPlan {
  const define = definition(context, node);
  return {
    *rows(run) {
      const tableId = yield* answerOf(define(run));
      yield [IonStruct.of([['tableId', tableId]])];
    },
    explain: () => [{ operation: 'definition', on: print(node) }],
  };
}

function definition(
  context: PlanContext,
  node: Parameters<typeof compileDefinition>[1],
): (run: Run) => MaybePromise<string> {
  switch (node.kind) {
    case 'CreateTable':
      return ({ catalog }) => catalog.createTable(node.name);
    case 'CreateIndex': {
      const table = tableName(context, node.table);
      return ({ catalog }) => catalog.createIndex(table, node.field);
    }
    case 'DropTable': {
      const table = tableName(context, node.table);
      return ({ catalog }) => catalog.dropTable(table);
    }
    case 'DropIndex': {
      const table = tableName(context, node.table);
      return ({ catalog }) => catalog.dropIndex(table, node.index);
    }
    case 'UndropTable':
      return ({ catalog }) => catalog.undropTable(node.tableId);
  }
}

function tableName(context: PlanContext, { path, at }: Ast.TableNode): string {
  const name = path.join('.');
  if (path.length > 1 || context.catalog.relation(path) === undefined) {
    throw context.semantic(at, `No such variable named '${name}'`);
  }
  return name;
}

/** EXEC REDACT_REVISION block address, table id, document id */
export function compileExec(
  context: PlanContext,
  node: Ast.ExecNode,
): StatementPlan {
  if (node.procedure.toUpperCase() !== 'REDACT_REVISION') {
    throw context.semantic(
      node.at,
      `No such stored procedure: ${node.procedure}`,
    );
  }
  if (node.args.length !== 3) {
    throw context.semantic(
      node.at,
      `Incorrect number of arguments supplied to \`REDACT_REVISION\`. Min = 3, max = 3 Actual = ${node.args.length}`,
    );
  }
  const { result: args, stages } = context.withHoists(() =>
    node.args.map((arg) => context.compile(arg, new Scope())),
  );
  const { source } = context;
  function* rows(run: Run): RowFlow {
    const [frame = []] = yield* collectFrames(context, stages, run);
    const [address, table, document] = args.map((arg) => arg(frame, run));
    const blockAddress = structOf(address ?? null);
    const tableId = textOf(table ?? null);
    const documentId = textOf(document ?? null);
    if (
      blockAddress === undefined ||
      tableId === undefined ||
      documentId === undefined
    ) {
      throw evaluationError(
        source,
        node.at,
        'REDACT_REVISION takes a block address (a struct), a table id and a document id (strings)',
      );
    }
    yield [
      yield* answerOf(
        run.catalog.redactRevision(blockAddress, tableId, documentId),
      ),
    ];
  }
  return {
    rows,
    explain: (run) => [
      ...explained(stages, run),
      { operation: 'exec', on: node.procedure },
    ],
  };
}
