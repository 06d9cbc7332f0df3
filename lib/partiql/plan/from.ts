import type * as Ast from '../language/ast.js';
import { filters, splitCondition } from './access/conjuncts.js';
import { compileRelation, relationRoot } from './access/relation.js';
import type { PlanContext } from './context.js';
import { filtering } from './filter.js';
import { compileRows } from './expression/operand.js';
import {
  touches,
  union,
  type FromLeaf,
  type FromTree,
} from './join/from-tree.js';
import { Placement } from './join/placement.js';
import type { QueryPlan } from './query-plan.js';
import type { Evaluate, Stage } from './runtime.js';
import { namedIn, Scope } from './scope.js';
import { queryStage, valueStage } from './source-stages.js';
import { defaultName, slotsOf, type Source } from './source.js';
import { writtenOut } from './written-out.js';

/** What FROM compiles to. */
export interface FromPlan {
  readonly stages: readonly Stage[];
  readonly sources: readonly Source[];
  readonly scope: Scope;
  /** What of the condition around it is left to be asked; undefined if that is nothing. */
  readonly rest: Ast.Expression | undefined;
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
  /** Names that mean something else to the condition than to FROM, such as those of LET. */
  readonly hidden?: ReadonlySet<string>;
}

/**
 * Compiles FROM, with the condition of the query around it, whose parts choose
 * how the sources are read, and are asked as early as they can be.
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

  constructor(
    readonly context: PlanContext,
    readonly outer: Scope,
    readonly compileQuery: QueryCompiler,
    readonly options: FromOptions,
  ) {
    this.#scope = new Scope(outer);
  }

  compile(node: Ast.FromNode, where: Ast.Expression | undefined): FromPlan {
    const { context } = this;
    const tree = this.#compile(node);
    if (this.#sources.length === 1 || context.dialect.fieldsOfAnySource) {
      this.#scope.implicit = this.#sources.map(({ slot }) => slot);
    }
    const { parts, rest } = splitCondition(
      context,
      where,
      this.#scope,
      this.options.hidden,
    );
    // What reads no variable of FROM is the same for all rows: it is asked before the first.
    const before = parts.filter(
      ({ firm, reads }) => firm && !touches(reads, tree.slots),
    );
    const stages = [
      ...filters(before),
      ...new Placement(context, tree.slots).place(tree, {
        conjuncts: parts.filter((part) => !before.includes(part)),
        bound: new Set(),
        last: true,
      }),
    ];
    return { stages, sources: this.#sources, scope: this.#scope, rest };
  }

  #compile(node: Ast.FromNode): FromTree {
    if (node.kind === 'Source') return this.#compileSource(node);
    const left = this.#compile(node.left);
    const right = this.#compile(node.right);
    // ON does not see the names of the sources behind it.
    const scope = this.#scope.copy(this.outer);
    if (this.context.dialect.fieldsOfAnySource) {
      scope.implicit = this.#sources.map(({ slot }) => slot);
    }
    const slots = union(left.slots, right.slots);
    return {
      kind: 'join',
      type: node.type,
      left,
      right,
      on: { ...splitCondition(this.context, node.on, scope), scope },
      slots,
      reads: new Set(
        [...left.reads, ...right.reads].filter((slot) => !slots.has(slot)),
      ),
    };
  }

  #compileSource(node: Ast.SourceNode): FromLeaf {
    const { context } = this;
    const { result: compiled, reads } = context.trackReads(() => {
      const { result: relation, stages } = context.withHoists(() =>
        node.unpivot
          ? undefined
          : compileRelation(context, node.value, this.#scope),
      );
      if (relation !== undefined) return { relation, before: stages };
      const value = context.withHoists(() => this.#compileValue(node));
      return { range: value.result, before: value.stages };
    });
    const { relation, range, before } = compiled;
    const source = this.#declare(node, relation);
    return {
      kind: 'leaf',
      source,
      before,
      ...(range === undefined
        ? {}
        : {
            stage:
              typeof range === 'function'
                ? valueStage(context, source, range)
                : queryStage(context, source, range),
          }),
      slots: new Set(slotsOf(source)),
      reads,
    };
  }

  /** What a source that is no table ranges over: the rows of a query, or a value. */
  #compileValue(node: Ast.SourceNode): Evaluate | QueryPlan {
    const query = node.unpivot
      ? undefined
      : this.compileQuery(this.context, node.value, this.#scope);
    const root = relationRoot(node.value);
    // What is named from outside comes before the variables here, as tables do.
    const scope =
      root !== undefined &&
      !this.#scope.isCommonTable(root) &&
      namedIn(this.context.globals, root) !== undefined
        ? new Scope()
        : this.#scope;
    return query ?? compileRows(this.context, node.value, scope);
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

/** Keeps the frames for which a condition is TRUE. */
export function compileFilter(
  context: PlanContext,
  condition: Ast.Expression,
  scope: Scope,
): Stage {
  const holds = context.condition(() => context.compile(condition, scope));
  return filtering(holds, () => writtenOut(condition));
}
