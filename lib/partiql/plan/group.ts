import { IonStruct, type IonField, type IonValue } from '../../ion/value.js';
import { keyText } from '../equality-key.js';
import { evaluationError, EvaluationFault } from '../errors.js';
import { accumulatorFor, type Accumulator } from '../functions/aggregates.js';
import type * as Ast from '../language/ast.js';
import { bagOf, isUnknown, MISSING } from '../values/kinds.js';
import type { AggregateSink, PlanContext } from './context.js';
import { countingStage } from './access/relation-stage.js';
import type { FromPlan } from './from.js';
import { defaultName } from './source.js';
import {
  batched,
  gathering,
  type Evaluate,
  type Frame,
  type PlanStep,
  type Stage,
} from './runtime.js';
import { sizeOf } from '../values/size.js';
import { HeldFrames } from './held-frames.js';
import { Scope } from './scope.js';
import { writtenOut } from './written-out.js';

interface CompiledAggregate {
  readonly node: Ast.AggregateNode;
  readonly slot: number;
  /** Absent for `COUNT(*)`. */
  readonly operand?: Evaluate;
}

interface CompiledKey {
  readonly slot: number;
  readonly evaluate: Evaluate;
  readonly fingerprint: string;
}

interface Group {
  readonly frame: Frame;
  readonly accumulators: readonly Accumulator[];
  readonly members: IonValue[];
}

/**
 * GROUP BY and aggregates. Rows are folded as they come and not kept, unless
 * GROUP AS asks for them.
 */
export class Grouping implements AggregateSink {
  /** What SELECT, HAVING and ORDER BY see: the keys, and the name of GROUP AS. */
  readonly scope: Scope;
  readonly #aggregates: CompiledAggregate[] = [];
  readonly #keys: readonly CompiledKey[];
  readonly #groupSlot: number | undefined;
  /** Work out the queries in keys and operands. */
  readonly #before: Stage[] = [];

  constructor(
    readonly context: PlanContext,
    readonly from: FromPlan,
    readonly rows: Scope,
    outer: Scope,
    readonly group: Ast.GroupNode | undefined,
  ) {
    this.scope = new Scope(outer);
    if (context.dialect.fieldsOfAnySource) {
      this.scope.implicit = [context.allocate()];
    }
    this.#keys = (group?.keys ?? []).map((key, index) => {
      const slot = context.allocate();
      const evaluate = this.#compileRow(key.value);
      const name = key.alias ?? defaultName(key.value) ?? `_${index + 1}`;
      this.scope.declare(name, slot);
      return { slot, evaluate, fingerprint: fingerprint(key.value, rows) };
    });
    if (group?.groupAs !== undefined) {
      this.#groupSlot = context.allocate();
      this.scope.declare(group.groupAs, this.#groupSlot);
    }
  }

  /** Compiles what is worked out for each row, before there are groups. */
  #compileRow(node: Ast.Expression): Evaluate {
    const { result, stages } = this.context.withHoists(() =>
      this.context.compile(node, this.rows),
    );
    this.#before.push(...stages);
    return result;
  }

  add(node: Ast.AggregateNode): number {
    const { context } = this;
    const slot = context.allocate();
    const { aggregates, replacements } = context;
    // The operand is worked out for each row, where there are no groups yet.
    context.aggregates = undefined;
    context.replacements = undefined;
    try {
      const operand = node.operand && this.#compileRow(node.operand);
      this.#aggregates.push({ node, slot, operand });
    } finally {
      context.aggregates = aggregates;
      context.replacements = replacements;
    }
    return slot;
  }

  /** Compiles what is worked out for each group. */
  compile<T>(compile: () => T): T {
    const { context } = this;
    const { aggregates, replacements } = context;
    context.aggregates = this;
    context.replacements = (node, scope) => this.#replacement(node, scope);
    try {
      return compile();
    } finally {
      context.aggregates = aggregates;
      context.replacements = replacements;
    }
  }

  /** An expression that is a key, written out: `SELECT a + b … GROUP BY a + b`. */
  #replacement(node: Ast.Expression, scope: Scope): Evaluate | undefined {
    if (this.#keys.length === 0 || scope !== this.scope) return undefined;
    if (node.kind === 'Literal') return undefined;
    const text = fingerprint(node, this.rows);
    const key = this.#keys.find((other) => other.fingerprint === text);
    if (key === undefined) return undefined;
    const { slot } = key;
    this.context.read(slot);
    return (frame) => frame[slot];
  }

  /** The stages of the grouping; known once all aggregates are. */
  get stages(): readonly Stage[] {
    return [
      ...this.#before,
      { ...this.#stage(), explain: () => [this.#explain()] },
    ];
  }

  /** The stage that takes the place of FROM and the grouping where the rows of one table are counted, and no more. */
  get counting(): Stage | undefined {
    const [source, ...others] = this.from.sources;
    if (
      source?.relation === undefined ||
      others.length > 0 ||
      this.group !== undefined ||
      this.#before.length > 0 ||
      this.from.stages.length > 1 ||
      !this.#aggregates.every(({ node }) => countsRows(node))
    )
      return undefined;
    return countingStage(
      source.relation,
      this.#aggregates.map(({ slot }) => slot),
    );
  }

  #explain(): PlanStep {
    const aggregates = this.#aggregates
      .map(({ node }) => writtenOut(node))
      .join(', ');
    const detail = [
      ...(aggregates === '' ? [] : [`folds ${aggregates} as rows come`]),
      ...(this.#groupSlot === undefined ? [] : ['keeps all rows']),
    ].join('; ');
    return {
      operation: this.#keys.length > 0 ? 'group' : 'aggregate',
      ...(this.#keys.length > 0
        ? {
            on: this.group?.keys
              .map(({ value }) => writtenOut(value))
              .join(', '),
          }
        : {}),
      ...(detail === '' ? {} : { detail }),
    };
  }

  #stage(): Stage {
    return gathering((run, first) => {
      const groups = new Map<string, Group>();
      const held = new HeldFrames(run.budget);
      const open = (key: string, keys: readonly IonValue[]): Group => {
        // Nothing of a row is read after it is folded: a group keeps none.
        const bound = first.slice();
        for (const [index, { slot }] of this.#keys.entries()) {
          bound[slot] = keys[index];
        }
        const group: Group = {
          frame: bound,
          accumulators: this.#aggregates.map(({ node }) =>
            accumulatorFor(node.name, node.distinct, run.budget),
          ),
          members: [],
        };
        held.hold(bound, key.length + GROUP * (1 + this.#aggregates.length));
        groups.set(key, group);
        return group;
      };
      return {
        take: (frame) => {
          // A row with hundreds of aggregates is as much work as many rows.
          run.work += this.#aggregates.length >> 2;
          const keys = this.#keys.map(({ evaluate }) => {
            const value = evaluate(frame, run);
            // NULL and MISSING are one group.
            return isUnknown(value) ? null : value;
          });
          const values = this.#aggregates.map(({ operand }) =>
            operand === undefined ? true : operand(frame, run),
          );
          const key = groupKey(keys);
          const group = groups.get(key) ?? open(key, keys);
          for (const [index, aggregate] of this.#aggregates.entries()) {
            const value = values[index];
            if (aggregate.operand === undefined || !isUnknown(value)) {
              this.#fold(group.accumulators[index], value, aggregate);
            }
          }
          if (this.#groupSlot !== undefined) {
            const member = this.#member(frame);
            run.budget.hold(sizeOf(member));
            group.members.push(member);
          }
        },
        give: () => {
          // Without GROUP BY there is one group, even of no rows.
          if (groups.size === 0 && this.#keys.length === 0) {
            open('', []);
          }
          return this.#output([...groups.values()]);
        },
      };
    });
  }

  #fold(
    accumulator: Accumulator | undefined,
    value: IonValue,
    aggregate: CompiledAggregate,
  ): void {
    try {
      accumulator?.add(value);
    } catch (error) {
      if (!(error instanceof EvaluationFault)) throw error;
      throw evaluationError(
        this.context.source,
        aggregate.node.at,
        error.message,
      );
    }
  }

  #member(frame: Frame): IonValue {
    const fields: IonField[] = [];
    for (const { name, slot } of this.from.sources) {
      const value = frame[slot];
      if (value !== MISSING) fields.push([name, value]);
    }
    return IonStruct.of(fields);
  }

  *#output(groups: readonly Group[]): Iterable<readonly Frame[]> {
    for (const batch of batched(groups)) {
      yield batch.map(({ frame, accumulators, members }) => {
        for (const [index, { slot }] of this.#aggregates.entries()) {
          frame[slot] = accumulators[index]?.result() ?? null;
        }
        if (this.#groupSlot !== undefined) {
          frame[this.#groupSlot] = bagOf(members);
        }
        return frame;
      });
    }
  }
}

/** `COUNT(*)`, or `COUNT(1)`: an operand that is the same for all rows, and not null. */
function countsRows({ name, distinct, operand }: Ast.AggregateNode): boolean {
  if (name !== 'count' || distinct) return false;
  return (
    operand === undefined ||
    (operand.kind === 'Literal' && !isUnknown(operand.value))
  );
}

/** Bytes of a group, or of an aggregate of it, beside its values. */
const GROUP = 64;

/** A text that rows of one group share. */
function groupKey(keys: readonly IonValue[]): string {
  return keys.length === 1
    ? keyText(keys[0])
    : keys.map(keyText).map(withLength).join('');
}

function withLength(text: string): string {
  return `${text.length}:${text}`;
}

/** A text that two expressions share iff they say the same of the rows. */
function fingerprint(node: Ast.Expression, scope: Scope): string {
  return JSON.stringify(node, (key, value: unknown) => {
    if (key === 'at') return undefined;
    if (typeof value === 'bigint') return `${value}n`;
    if (isNode(value, 'Variable')) return variableText(value, scope);
    if (isStep(value)) return `.${nameText(value)}`;
    if (isNode(value, 'Path') && isNode(value.root, 'Variable')) {
      const binding = scope.resolve(value.root);
      // `a` and `t.a` are the same where `t` is the only source.
      if (binding?.kind === 'variable' && value.steps.length === 1) {
        const [step] = value.steps;
        if (step?.kind === 'Field') return `${binding.slot}.${nameText(step)}`;
      }
    }
    return value;
  });
}

function variableText(node: Ast.VariableNode, scope: Scope): string {
  const binding = scope.resolve(node);
  if (binding === undefined) return `global.${nameText(node)}`;
  return binding.kind === 'variable'
    ? `${binding.slot}`
    : `${binding.slot}.${nameText(node)}`;
}

function nameText({ name, anyCase }: Ast.NameNode): string {
  return anyCase === true ? name.toLowerCase() : name;
}

function isStep(value: unknown): value is Ast.PathStep & { kind: 'Field' } {
  return (
    typeof value === 'object' &&
    value !== null &&
    'kind' in value &&
    value.kind === 'Field'
  );
}

function isNode<K extends Ast.Expression['kind']>(
  value: unknown,
  kind: K,
): value is Extract<Ast.Expression, { kind: K }> {
  return (
    typeof value === 'object' &&
    value !== null &&
    'kind' in value &&
    value.kind === kind
  );
}
