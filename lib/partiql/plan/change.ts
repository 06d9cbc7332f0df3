import { IonStruct, type IonValue } from '../../ion/value.js';
import type { RelationWriter } from '../catalog.js';
import { evaluationError, EvaluationFault } from '../errors.js';
import type * as Ast from '../language/ast.js';
import type { Position } from '../language/print-location.js';
import {
  bare,
  itemsOf,
  MISSING,
  sealed,
  structOf,
  textOf,
  typeNameOf,
} from '../values/kinds.js';
import type { PlanContext } from './context.js';
import { insert, remove, set, type DocumentPath } from './document-path.js';
import { compileRows } from './expression/operand.js';
import { compileFilter, compileFrom, type FromPlan } from './from.js';
import { compileQuery } from './query.js';
import {
  answerOf,
  framesOf,
  runStages,
  turn,
  Wait,
  type Evaluate,
  type Frame,
  type Run,
  type Stage,
} from './runtime.js';
import type { RowFlow } from '../rows.js';
import { HeldFrames } from './held-frames.js';
import { explained } from './explain.js';
import type { StatementPlan } from './statement-plan.js';
import { Scope } from './scope.js';
import type { Source } from './source.js';

function documentId(id: string): IonValue {
  return IonStruct.of([['documentId', id]]);
}

function writerOf(
  context: PlanContext,
  path: readonly string[],
  at: Position,
  run: Run,
): RelationWriter {
  const relation = run.catalog.relation(path);
  if (relation === undefined) {
    throw context.semantic(at, `No such variable named '${path[0]}'`);
  }
  if (relation.write === undefined) throw readOnly(context, at, path);
  return relation.write;
}

function readOnly(context: PlanContext, at: Position, path: readonly string[]) {
  return context.semantic(
    at,
    `'${path.join('.')}' cannot be changed: only a table takes INSERT, UPDATE and DELETE`,
  );
}

/** Gives a fault its place. */
function atPlace<T>(context: PlanContext, at: Position, action: () => T): T {
  try {
    return action();
  } catch (error) {
    if (!(error instanceof EvaluationFault)) throw error;
    throw evaluationError(context.source, at, error.message);
  }
}

/** A value as it is stored: nothing in it is MISSING. */
function storable(
  context: PlanContext,
  value: IonValue,
  at: Position,
): IonValue {
  const result = context.mayHoldMissing ? sealed(value) : value;
  if (result === undefined || result === MISSING) {
    throw evaluationError(
      context.source,
      at,
      'a value that is MISSING cannot be stored; use NULL, or REMOVE the field',
    );
  }
  return result;
}

function documentOf(
  context: PlanContext,
  value: IonValue,
  at: Position,
): IonStruct {
  const document = structOf(storable(context, value, at));
  if (document === undefined) {
    throw evaluationError(
      context.source,
      at,
      `a document must be a struct, and this value is ${typeNameOf(value)}`,
    );
  }
  return document;
}

// ---- INSERT ---------------------------------------------------------------------

export function compileInsert(
  context: PlanContext,
  node: Ast.InsertNode,
): StatementPlan {
  const { path, at } = node.table;
  if (context.catalog.relation(path) === undefined) {
    throw context.semantic(at, `No such variable named '${path[0]}'`);
  }
  const { result: value, stages } = context.withHoists(() =>
    compileRows(context, node.value, new Scope()),
  );
  function* rows(run: Run): RowFlow {
    const writer = writerOf(context, path, at, run);
    const [frame] = yield* collectFrames(context, stages, run);
    if (frame === undefined) return;
    const given = value(frame, run);
    const items = node.single ? undefined : itemsOf(given);
    // All of them are looked at before the first is written.
    const documents = (items ?? [given]).map((item) =>
      documentOf(context, item, node.value.at),
    );
    const ids: IonValue[] = [];
    for (const document of documents) {
      const pause = turn(run, 1);
      if (pause !== undefined) yield new Wait(pause);
      ids.push(documentId(yield* answerOf(writer.insert(document))));
    }
    yield ids;
  }
  return {
    rows,
    explain: (run) => [
      ...explained(stages, run),
      { operation: 'insert', on: path.join('.') },
    ],
  };
}

/** Runs the stages that come before an expression outside of any query. */
export function* collectFrames(
  context: PlanContext,
  stages: readonly Stage[],
  run: Run,
): Generator<Wait<unknown>, readonly Frame[], undefined> {
  const first = context.emptyFrame();
  if (stages.length === 0) return [first];
  const collected: Frame[] = [];
  for (const frames of framesOf(runStages(stages, first, run), run)) {
    if (frames instanceof Wait) yield frames;
    else for (const frame of frames) collected.push(frame);
  }
  return collected;
}

// ---- UPDATE, FROM …, DELETE -----------------------------------------------------

/** One change to a document, as its operation and the row that matched have it. */
type Change = (
  document: IonValue,
  frame: Frame,
  run: Run,
) => IonValue | undefined;

/**
 * Compiles a change of documents. All rows of the source are read before the
 * first document is written, so that no change can be met again.
 */
export function compileChange(
  context: PlanContext,
  node: Ast.ChangeNode,
): StatementPlan {
  const from = compileFrom(
    context,
    node.from,
    new Scope(),
    node.where,
    compileQuery,
    { places: true },
  );
  const [table, ...nested] = from.sources;
  const tablePath = tableOf(context, table, nested);
  const at = table?.node.at ?? node.at;
  const stages: Stage[] = [...from.stages];
  if (from.rest !== undefined) {
    const { rest } = from;
    const condition = context.withHoists(() =>
      compileFilter(context, rest, from.scope),
    );
    stages.push(...condition.stages, condition.result);
  }
  const changes = context.withHoists(() =>
    node.operations.map((operation) =>
      compileOperation(context, operation, from),
    ),
  );
  stages.push(...changes.stages);
  // Elements are removed from the back, so that none moves before its turn.
  const backwards = node.operations.some(({ kind }) => kind === 'Remove');
  function* rows(run: Run): RowFlow {
    const writer = writerOf(context, tablePath, at, run);
    const documents = new Map<string, Frame[]>();
    const held = new HeldFrames(run.budget);
    for (const batch of framesOf(
      runStages(stages, context.emptyFrame(), run),
      run,
    )) {
      if (batch instanceof Wait) {
        yield batch;
        continue;
      }
      for (const frame of batch) {
        held.hold(frame);
        const id = idOf(table, frame);
        const frames = documents.get(id);
        if (frames !== undefined) {
          frames.push(frame);
          continue;
        }
        const document = structOf(frame[table?.slot ?? 0]);
        if (document !== undefined) writer.claim?.(id, document);
        documents.set(id, [frame]);
      }
    }
    const edits: { id: string; document: IonStruct | undefined }[] = [];
    for (const [id, frames] of documents) {
      if (backwards) frames.reverse();
      const changed = yield* changeDocument(changes.result, table, frames, run);
      edits.push({
        id,
        document:
          changed === undefined
            ? undefined
            : documentOf(context, changed, node.at),
      });
    }
    const ids: IonValue[] = [];
    for (const { id, document } of edits) {
      const pause = turn(run, 1);
      if (pause !== undefined) yield new Wait(pause);
      yield* answerOf(
        document === undefined
          ? writer.remove(id)
          : writer.replace(id, document),
      );
      ids.push(documentId(id));
    }
    yield ids;
  }
  return {
    rows,
    explain: (run) => [
      ...explained(stages, run),
      {
        operation: node.verb === 'DELETE' ? 'delete' : 'update',
        on: tablePath.join('.'),
        detail: 'when all rows before are read',
      },
    ],
  };
}

function* changeDocument(
  changes: readonly Change[],
  table: Source | undefined,
  frames: readonly Frame[],
  run: Run,
): Generator<Wait<unknown>, IonValue | undefined, undefined> {
  let document: IonValue | undefined;
  for (const frame of frames) {
    const pause = turn(run, 1);
    if (pause !== undefined) yield new Wait(pause);
    document ??= frame[table?.slot ?? 0];
    for (const change of changes) {
      document = change(document, frame, run);
      if (document === undefined) return undefined;
    }
  }
  return document;
}

/** The table that is changed: the first source, and the only one that is a table. */
function tableOf(
  context: PlanContext,
  table: Source | undefined,
  nested: readonly Source[],
): readonly string[] {
  const second = nested.find((source) => source.relation !== undefined);
  if (second !== undefined) {
    throw context.semantic(
      second.node.at,
      'a statement changes the documents of one table; the other sources must be values inside them',
    );
  }
  const value = table?.node.value;
  const at = table?.node.at ?? { start: 0, line: 1, column: 1 };
  const path = value === undefined ? undefined : pathNames(value);
  if (table?.relation === undefined || path === undefined) {
    throw context.semantic(at, 'expected the name of a table');
  }
  if (context.catalog.relation(path)?.write === undefined) {
    throw readOnly(context, at, path);
  }
  return path;
}

function pathNames(node: Ast.Expression): readonly string[] | undefined {
  if (node.kind === 'Variable') return [node.name];
  if (node.kind !== 'Path' || node.root.kind !== 'Variable') return undefined;
  const names = node.steps.map((step) =>
    step.kind === 'Field' ? step.name : '',
  );
  return [node.root.name, ...names];
}

function idOf(table: Source | undefined, frame: Frame): string {
  const slot = table?.by?.slot ?? 0;
  return textOf(frame[slot]) ?? '';
}

/** Where a source's value stands in the document of the row. */
type Locate = (frame: Frame) => DocumentPath;

function compileOperation(
  context: PlanContext,
  operation: Ast.ChangeOperation,
  from: FromPlan,
): Change {
  if (operation.kind === 'Delete') return () => undefined;
  const locate = compileTarget(context, operation.target, from);
  const { at } = operation;
  switch (operation.kind) {
    case 'Set': {
      const value = context.compile(operation.value, from.scope);
      const place = operation.value.at;
      return (document, frame, run) => {
        const given = storable(context, value(frame, run), place);
        return atPlace(context, at, () => set(document, locate(frame), given));
      };
    }
    case 'InsertInto': {
      const value = context.compile(operation.value, from.scope);
      const key: Evaluate | undefined =
        operation.position && context.compile(operation.position, from.scope);
      const isLiteral = operation.position?.kind === 'Literal';
      return (document, frame, run) => {
        const given = storable(context, value(frame, run), operation.value.at);
        const position = key && positionOf(key(frame, run));
        return atPlace(context, at, () =>
          insert(document, locate(frame), given, position, isLiteral),
        );
      };
    }
    case 'Remove':
      return (document, frame) => {
        const path = locate(frame);
        if (path.length === 0) return undefined;
        return atPlace(context, at, () => remove(document, path));
      };
  }
}

function positionOf(value: IonValue): string | number {
  const plain = bare(value);
  return typeof plain === 'number' ? plain : (textOf(plain) ?? -1);
}

/** A target's path from the document: through the source that it names, or from the document itself. */
function compileTarget(
  context: PlanContext,
  target: Ast.TargetNode,
  from: FromPlan,
): Locate {
  const source = from.sources.find(({ name }) => name === target.name);
  if (source !== undefined) {
    const base = locator(context, source, from, target.at);
    return (frame) => [...base(frame), ...target.steps];
  }
  if (from.sources.length > 1) {
    throw context.semantic(
      target.at,
      `No such variable named '${target.name}'`,
    );
  }
  const path = [target.name, ...target.steps];
  return () => path;
}

/** Where a source's value stands: nowhere deeper for the table, in the value of an earlier source for the others. */
function locator(
  context: PlanContext,
  source: Source,
  from: FromPlan,
  at: Position,
): Locate {
  if (source === from.sources[0]) return () => [];
  const { value } = source.node;
  const [root, steps] =
    value.kind === 'Path' ? [value.root, value.steps] : [value, []];
  const parent =
    root.kind === 'Variable'
      ? from.sources.find(({ name }) => name === root.name)
      : undefined;
  const names: (string | number)[] = [];
  for (const step of steps) {
    const key =
      step.kind === 'Field'
        ? step.name
        : step.kind === 'Index' && step.index.kind === 'Literal'
          ? step.index.value
          : undefined;
    if (typeof key === 'string' || typeof key === 'number') names.push(key);
  }
  if (
    parent === undefined ||
    parent === source ||
    names.length !== steps.length ||
    source.node.unpivot
  ) {
    throw context.semantic(
      at,
      `'${source.name}' is no place in the document: its source must be a simple path into the table`,
    );
  }
  const base = locator(context, parent, from, at);
  const slot = source.position?.slot;
  return (frame) => {
    // The position is known if the path led to a list, and this is an element of it.
    const position = slot === undefined ? MISSING : frame[slot];
    const path = [...base(frame), ...names];
    return typeof position === 'number' ? [...path, position] : path;
  };
}
