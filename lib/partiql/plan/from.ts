import { Timestamp, type IonValue } from '../../ion/value.js';
import type { Catalog, Relation, Row } from '../catalog.js';
import { evaluationError } from '../errors.js';
import type * as Ast from '../language/ast.js';
import {
  Bag,
  bare,
  isUnknown,
  itemsOf,
  MISSING,
  structOf,
} from '../values/kinds.js';
import {
  conjuncts,
  keyConditions,
  openRelation,
  type KeyCondition,
} from './access-path.js';
import { isTrue, type PlanContext } from './context.js';
import { joinStage } from './join.js';
import type { QueryPlan } from './query-plan.js';
import {
  BATCH,
  expanding,
  mapping,
  needsWaiting,
  NO_FRAMES,
  runStages,
  Wait,
  type Evaluate,
  type Frame,
  type Frames,
  type Run,
  type Stage,
} from './runtime.js';
import { Scope } from './scope.js';

/** One thing that FROM ranges over, and where its variables are. */
export interface Source {
  readonly node: Ast.SourceNode;
  readonly name: string;
  readonly slot: number;
  readonly position?: { readonly name: string; readonly slot: number };
  readonly by?: { readonly name: string; readonly slot: number };
  /** Reads a relation, found by its name anew in every run. */
  readonly relation?: (run: Run, frame: Frame) => Relation;
}

/** What FROM compiles to. */
export interface FromPlan {
  readonly stages: readonly Stage[];
  readonly sources: readonly Source[];
  readonly scope: Scope;
}

/** How the planner compiles a query that stands in FROM. */
export type QueryCompiler = (
  context: PlanContext,
  node: Ast.Expression,
  scope: Scope,
) => QueryPlan | undefined;

export interface FromOptions {
  /** Keeps the document id of every row, and the position of every element, whether they have names or not. */
  readonly places?: boolean;
}

/**
 * Compiles FROM, with the condition of the query around it, whose equalities
 * choose how the tables are read.
 */
export function compileFrom(
  context: PlanContext,
  node: Ast.FromNode,
  outer: Scope,
  where: Ast.Expression | undefined,
  compileQuery: QueryCompiler,
  options: FromOptions = {},
): FromPlan {
  return new FromCompiler(context, outer, compileQuery, options).compile(
    node,
    where,
  );
}

class FromCompiler {
  readonly #scope: Scope;
  readonly #sources: Source[] = [];
  /** Conditions by which each table may be read; filled once all names are known. */
  readonly #access: { source: Source; conditions: KeyCondition[] }[] = [];

  constructor(
    readonly context: PlanContext,
    outer: Scope,
    readonly compileQuery: QueryCompiler,
    readonly options: FromOptions,
  ) {
    this.#scope = new Scope(outer);
  }

  compile(node: Ast.FromNode, where: Ast.Expression | undefined): FromPlan {
    const on: Ast.Expression[] = [];
    const stages = this.#compile(node, on, true);
    const only = this.#sources.length === 1 ? this.#sources[0] : undefined;
    this.#scope.implicit = only?.slot;
    const conditions = [where, ...on].flatMap(conjuncts);
    for (const { source, conditions: list } of this.#access) {
      const found = keyConditions(
        this.context,
        { slot: source.slot, bySlot: source.by?.slot },
        conditions,
        this.#scope,
      );
      for (const condition of found) list.push(condition);
    }
    return { stages, sources: this.#sources, scope: this.#scope };
  }

  /**
   * @param on collects the conditions of inner joins: they hold for the result,
   *   so they may choose how a table is read. Those of outer joins do not.
   * @param inner whether the rows of this part all have to satisfy WHERE.
   */
  #compile(
    node: Ast.FromNode,
    on: Ast.Expression[],
    inner: boolean,
  ): readonly Stage[] {
    if (node.kind === 'Source') return this.#compileSource(node, inner);
    const { type } = node;
    const left = this.#compile(
      node.left,
      on,
      inner && (type === 'inner' || type === 'left'),
    );
    const leftSources = [...this.#sources];
    const right = this.#compile(
      node.right,
      type === 'inner' ? on : [],
      inner && (type === 'inner' || type === 'right'),
    );
    const rightSources = this.#sources.slice(leftSources.length);
    const condition = this.#compileCondition(node.on);
    if (type === 'inner') {
      if (inner && node.on !== undefined) on.push(node.on);
      return [...left, ...right, ...condition];
    }
    return [
      joinStage(type, {
        left,
        right,
        condition,
        leftSlots: leftSources.flatMap(slotsOf),
        rightSlots: rightSources.flatMap(slotsOf),
      }),
    ];
  }

  #compileCondition(on: Ast.Expression | undefined): readonly Stage[] {
    if (on === undefined) return [];
    const { context } = this;
    const { result, stages } = context.withHoists(() =>
      context.condition(() => context.compile(on, this.#scope)),
    );
    return [...stages, filtering(result)];
  }

  #compileSource(node: Ast.SourceNode, inner: boolean): readonly Stage[] {
    const { context } = this;
    const { result: relation, stages: before } = context.withHoists(() =>
      node.unpivot
        ? undefined
        : compileRelation(context, node.value, this.#scope),
    );
    const value =
      relation === undefined
        ? context.withHoists(() => this.#compileValue(node))
        : undefined;
    const source = this.#declare(node, relation);
    if (relation !== undefined) {
      const conditions: KeyCondition[] = [];
      if (inner) this.#access.push({ source, conditions });
      return [...before, relationStage(source, relation, conditions)];
    }
    const range = value?.result;
    if (range === undefined) return [];
    return [
      ...(value?.stages ?? []),
      typeof range === 'function'
        ? valueStage(context, source, range)
        : queryStage(source, range),
    ];
  }

  /** What a source that is no table ranges over: the rows of a query, or a value. */
  #compileValue(node: Ast.SourceNode): Evaluate | QueryPlan {
    const query = node.unpivot
      ? undefined
      : this.compileQuery(this.context, node.value, this.#scope);
    const root = relationPath(node.value)?.[0];
    // What is named from outside comes before the variables here, as tables do.
    const scope =
      root !== undefined && this.context.globals.has(root)
        ? new Scope()
        : this.#scope;
    return query ?? this.context.compile(node.value, scope);
  }

  #declare(node: Ast.SourceNode, relation: Source['relation']): Source {
    const { context } = this;
    const ordinal = this.#sources.length + 1;
    const name = node.as?.name ?? defaultName(node.value) ?? `_${ordinal}`;
    const source: Source = {
      node,
      name,
      slot: context.allocate(),
      position: this.#alias(node.position),
      by: this.#alias(node.by),
      relation,
    };
    this.#bind(node.as ?? { at: node.at, name }, source.slot);
    if (node.position && source.position)
      this.#bind(node.position, source.position.slot);
    if (node.by && source.by) this.#bind(node.by, source.by.slot);
    const placed = this.options.places === true ? this.#place(source) : source;
    this.#sources.push(placed);
    return placed;
  }

  /** Gives the source a slot without a name for its document id or its position. */
  #place(source: Source): Source {
    if (source.relation === undefined) {
      const position = { name: '', slot: this.context.allocate() };
      return { ...source, position: source.position ?? position };
    }
    const by = { name: '', slot: this.context.allocate() };
    return { ...source, by: source.by ?? by };
  }

  #alias(node: Ast.AliasNode | undefined) {
    return node === undefined
      ? undefined
      : { name: node.name, slot: this.context.allocate() };
  }

  #bind(alias: Ast.AliasNode, slot: number): void {
    if (this.#scope.has(alias.name)) {
      throw this.context.semantic(
        alias.at,
        `A variable named '${alias.name}' was already defined in this scope`,
      );
    }
    this.#scope.declare(alias.name, slot);
  }
}

function slotsOf(source: Source): readonly number[] {
  return [source.slot, source.position?.slot, source.by?.slot].filter(
    (slot) => slot !== undefined,
  );
}

/** The name that a path gives what it leads to. */
export function defaultName(node: Ast.Expression): string | undefined {
  if (node.kind === 'Variable') return node.name;
  if (node.kind === 'Cast') return defaultName(node.value);
  if (node.kind !== 'Path') return undefined;
  const last = node.steps.at(-1);
  if (last?.kind === 'Field') return last.name;
  return last?.kind === 'Index' &&
    last.index.kind === 'Literal' &&
    typeof last.index.value === 'string'
    ? last.index.value
    : undefined;
}

/** Keeps the frames for which a condition is TRUE. */
export function filtering(condition: Evaluate): Stage {
  return mapping((frame, run) => isTrue(condition(frame, run)));
}

// ---- Tables ------------------------------------------------------------------

/** In FROM a name is a table first, and a variable only if there is no such table. */
function compileRelation(
  context: PlanContext,
  node: Ast.Expression,
  scope: Scope,
): Source['relation'] {
  if (node.kind === 'Call' && node.name === 'history') {
    return compileHistory(context, node, scope);
  }
  const path = relationPath(node);
  if (path === undefined) return undefined;
  if (context.catalog.relation(path) === undefined) {
    const root = path[0] ?? '';
    const isKnown =
      scope.resolve(root) !== undefined || context.globals.has(root);
    if (!isKnown) throw noSuchVariable(context, node, path);
    return undefined;
  }
  return (run) => {
    const relation = run.catalog.relation(path);
    if (relation === undefined) throw noSuchVariable(context, node, path);
    return relation;
  };
}

function noSuchVariable(
  context: PlanContext,
  node: Ast.Expression,
  path: readonly string[],
) {
  return context.semantic(node.at, `No such variable named '${path[0]}'`);
}

/** `name`, or `name.name`; not `@name`. */
export function relationPath(
  node: Ast.Expression,
): readonly string[] | undefined {
  const [root, steps] =
    node.kind === 'Path' ? [node.root, node.steps] : [node, []];
  if (root.kind !== 'Variable' || root.lexical) return undefined;
  const path = [root.name];
  for (const step of steps) {
    if (step.kind !== 'Field') return [root.name, ''];
    path.push(step.name);
  }
  return path;
}

/** `history(table [, start [, end]])`: the table by its name, or by its id in a string. */
function compileHistory(
  context: PlanContext,
  node: Ast.CallNode,
  scope: Scope,
): Source['relation'] {
  const [table, ...times] = node.args;
  if (table === undefined || times.length > 2) {
    throw context.semantic(
      node.at,
      `Incorrect number of arguments supplied to \`history\`. Min = 1, max = 3 Actual = ${node.args.length}`,
    );
  }
  const name =
    table.kind === 'Variable'
      ? table.name
      : table.kind === 'Literal' && typeof table.value === 'string'
        ? table.value
        : undefined;
  if (name === undefined) {
    throw context.semantic(
      table.at,
      'history() takes the name of a table, or its id in a string',
    );
  }
  const { source } = context;
  const bounds = times.map((time) => {
    const evaluate = context.compile(time, scope);
    return (frame: Frame, run: Run) => {
      const value = bare(evaluate(frame, run));
      if (value instanceof Timestamp) return value;
      throw evaluationError(
        source,
        time.at,
        'history() takes timestamps as the bounds of its interval',
      );
    };
  });
  const open = (catalog: Catalog, start?: Timestamp, end?: Timestamp) => {
    const relation = catalog.history(name, start, end);
    if (relation === undefined) {
      throw context.semantic(table.at, `No such variable named '${name}'`);
    }
    return relation;
  };
  return (run, frame) =>
    open(run.catalog, ...bounds.map((bound) => bound(frame, run)));
}

function relationStage(
  source: Source,
  relation: (run: Run, frame: Frame) => Relation,
  conditions: readonly KeyCondition[],
): Stage {
  const bind = (rows: readonly Row[], frame: Frame): Frames =>
    rows.map((row) => {
      const bound = frame.slice();
      bound[source.slot] = row.value;
      if (source.by !== undefined) bound[source.by.slot] = row.id;
      if (source.position !== undefined) bound[source.position.slot] = MISSING;
      return bound;
    });
  return expanding(true, function* (frame, run) {
    const rows = openRelation(relation(run, frame), conditions, frame, run);
    for (const batch of batchesIn(rows))
      yield batch instanceof Wait ? batch : bind(batch, frame);
  });
}

/** Counts the rows of a relation, which nobody looks at, into slots of one frame. */
export function countingStage(
  relation: (run: Run, frame: Frame) => Relation,
  slots: readonly number[],
): Stage {
  return expanding(true, function* (frame, run) {
    const counted = relation(run, frame);
    let count = 0;
    if (counted.count) {
      for (const numbers of batchesIn(counted.count())) {
        if (!(numbers instanceof Wait))
          for (const number of numbers) count += number;
        yield numbers instanceof Wait ? numbers : NO_FRAMES;
      }
    } else {
      for (const rows of batchesIn(counted.scan())) {
        if (!(rows instanceof Wait)) count += rows.length;
        yield rows instanceof Wait ? rows : NO_FRAMES;
      }
    }
    const bound = frame.slice();
    for (const slot of slots) bound[slot] = count;
    yield [bound];
  });
}

/** Batches as they come, with pauses where they have to be waited for. */
function* batchesIn<T>(
  batches: Iterable<readonly T[]> | AsyncIterable<readonly T[]>,
): Iterable<readonly T[] | Wait<unknown>> {
  if (Symbol.iterator in batches) {
    yield* batches;
    return;
  }
  const iterator = batches[Symbol.asyncIterator]();
  let done = false;
  try {
    for (;;) {
      const wait = new Wait(iterator.next());
      yield wait;
      const { value } = wait;
      done = value?.done !== false;
      if (value === undefined || value.done === true) return;
      yield value.value;
    }
  } finally {
    // Nobody waits for the end of what is left unread.
    if (!done) iterator.return?.().catch(() => undefined);
  }
}

// ---- Values and queries --------------------------------------------------------

/** Ranges over a value: the elements of a list or a bag, the fields of what is unpivoted, else the value by itself. */
function valueStage(
  context: PlanContext,
  source: Source,
  value: Evaluate,
): Stage {
  const members: Members = source.node.unpivot
    ? unpivoted
    : (range) => elements(range, !context.dialect.missingStaysMissing);
  return expanding(false, function* (frame, run) {
    let output: Frame[] = [];
    for (const [member, position] of members(value(frame, run))) {
      const bound = frame.slice();
      bound[source.slot] = member;
      if (source.position) bound[source.position.slot] = position;
      if (source.by) bound[source.by.slot] = MISSING;
      output.push(bound);
      if (output.length >= BATCH) {
        yield output;
        output = [];
      }
    }
    yield output;
  });
}

type Members = (range: IonValue) => Iterable<readonly [IonValue, IonValue]>;

function* elements(
  range: IonValue,
  skipsMissing: boolean,
): Iterable<readonly [IonValue, IonValue]> {
  const plain = bare(range);
  const items = itemsOf(plain);
  if (items !== undefined) {
    const isOrdered = !(plain instanceof Bag);
    for (const [index, item] of items.entries()) {
      yield [item, isOrdered ? index : MISSING];
    }
  } else if (range !== MISSING || !skipsMissing) yield [range, MISSING];
}

function* unpivoted(range: IonValue): Iterable<readonly [IonValue, IonValue]> {
  if (range === MISSING) return;
  const fields = structOf(range)?.fields();
  if (fields === undefined) yield [range, '_1'];
  else for (const [name, item] of fields) yield [item, name];
}

/** Ranges over the rows of a query, as they come. */
function queryStage(source: Source, query: QueryPlan): Stage {
  const bind = (frames: Frames): Frames =>
    frames.map((frame, index) => {
      const bound = frame.slice();
      bound[source.slot] = frame[query.output];
      if (source.position) {
        bound[source.position.slot] = query.ordered ? index : MISSING;
      }
      if (source.by) bound[source.by.slot] = MISSING;
      return bound;
    });
  return expanding(needsWaiting(query.stages), function* (frame, run) {
    for (const rows of runStages(query.stages, frame, run)) {
      yield rows instanceof Wait ? rows : bind(rows);
    }
  });
}

/** Whether a value is a collection that a query could have given. */
export function rowsOf(value: IonValue): readonly IonValue[] {
  if (isUnknown(value)) return value === MISSING ? [] : [value];
  const plain = bare(value);
  return Array.isArray(plain) ? (itemsOf(plain) ?? []) : [value];
}
