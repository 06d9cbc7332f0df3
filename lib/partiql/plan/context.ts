import type { IonValue } from '../../ion/value.js';
import type { Catalog } from '../catalog.js';
import { EvaluationFault, semanticError } from '../errors.js';
import type * as Ast from '../language/ast.js';
import type { Position } from '../language/print-location.js';
import { bare, MISSING, typeNameOf } from '../values/kinds.js';
import {
  Wait,
  type Evaluate,
  type Frame,
  type PlanStep,
  type Run,
  type Slowly,
  type Stage,
} from './runtime.js';
import { sizeOf } from '../values/size.js';
import type { Scope } from './scope.js';
import { dialectOf, type Dialect, type Typing } from '../dialect.js';

/** What turns a node into a closure. A context carries it, so that the families of expressions need not know of each other. */
export type Compiler = (
  context: PlanContext,
  node: Ast.Expression,
  scope: Scope,
) => Evaluate;

/** Compilers of an expression, and of a query that stands in one. */
export interface Compilers {
  readonly expression: Compiler;
  readonly subquery: Compiler;
}

/** A part of an expression that cannot run in one go, such as a query over tables: it runs before the expression, and leaves its value in a slot. */
export interface HoistedValue {
  readonly slot: number;
  /** Works it out, and hands on its pauses. What it gives is no longer in the budget. */
  readonly evaluate: (frame: Frame, run: Run) => Slowly<IonValue>;
  /** Whether it is the same for every row. */
  readonly constant: boolean;
  /** What it does, for EXPLAIN. */
  readonly explain?: (run: Run) => readonly PlanStep[];
}

/** How a query's aggregates are worked out: an expression only reads their slots. */
export interface AggregateSink {
  add(node: Ast.AggregateNode): number;
}

/** What the parts of one statement's plan share. */
export class PlanContext {
  /** Slots that the expressions compiled since {@link trackReads} read. */
  #reads: Set<number> | undefined;
  #slots = 0;

  constructor(
    readonly source: string,
    /** What names mean. Nothing else of a catalog is in a plan. */
    readonly catalog: Pick<Catalog, 'relation'>,
    typing: Typing,
    readonly compilers: Compilers,
    /** Values that names outside every query mean; for evaluations without a ledger. */
    readonly globals: ReadonlyMap<string, IonValue> = new Map(),
  ) {
    this.dialect = dialectOf(typing);
  }

  /** The rules of the statement's typing. */
  readonly dialect: Dialect;

  /** Compiles an expression. */
  compile(node: Ast.Expression, scope: Scope): Evaluate {
    return this.compilers.expression(this, node, scope);
  }

  /** Compiles a query that stands in an expression. */
  compileSubquery(node: Ast.Expression, scope: Scope): Evaluate {
    return this.compilers.subquery(this, node, scope);
  }

  /** Where aggregate calls go; undefined where there can be none. */
  aggregates: AggregateSink | undefined;

  /** Expressions that stand for a slot, such as the keys of GROUP BY. */
  replacements:
    ((node: Ast.Expression, scope: Scope) => Evaluate | undefined) | undefined;

  /** Where queries go that stand in an expression and run before it. */
  #hoisted: HoistedValue[] = [];

  hoist(value: HoistedValue): void {
    this.#hoisted.push(value);
  }

  /** How many queries were compiled so far that run inside an expression, in one go. */
  inlined = 0;

  /** Runs a compilation, and gives the stage that has to come before what was compiled. */
  withHoists<T>(compile: () => T): {
    result: T;
    stages: readonly Stage[];
  } {
    const outer = this.#hoisted;
    const hoisted: HoistedValue[] = [];
    this.#hoisted = hoisted;
    try {
      const result = compile();
      return {
        result,
        stages: hoisted.length === 0 ? [] : [applying(hoisted)],
      };
    } finally {
      this.#hoisted = outer;
    }
  }

  /** Whether a row may hold MISSING inside a list, and has to be sealed before it leaves. */
  mayHoldMissing = false;

  /** Runs the compilation of a condition: what it makes is in no row. */
  condition<T>(compile: () => T): T {
    const outer = this.mayHoldMissing;
    const result = compile();
    this.mayHoldMissing = outer;
    return result;
  }

  get slots(): number {
    return this.#slots;
  }

  /** The frame before any source: everything is MISSING. */
  emptyFrame(): Frame {
    if (this.#empty.length !== this.#slots) {
      this.#empty = Array.from({ length: this.#slots }, () => MISSING);
    }
    return this.#empty.slice();
  }

  #empty: Frame = [];

  allocate(): number {
    return this.#slots++;
  }

  read(slot: number): void {
    this.#reads?.add(slot);
  }

  /** Runs a compilation and tells which slots from outside of it are read. */
  trackReads<T>(compile: () => T): { result: T; reads: ReadonlySet<number> } {
    const outer = this.#reads;
    const first = this.#slots;
    const reads = new Set<number>();
    this.#reads = reads;
    try {
      const result = compile();
      const outside = new Set([...reads].filter((slot) => slot < first));
      if (outer !== undefined) for (const slot of reads) outer.add(slot);
      return { result, reads: outside };
    } finally {
      this.#reads = outer;
    }
  }

  /** The result of an operator one of whose operands is NULL or MISSING. */
  readonly unknown = (a: IonValue, b?: IonValue): IonValue =>
    this.dialect.missingStaysMissing && (a === MISSING || b === MISSING)
      ? MISSING
      : null;

  /** What a condition does with values that it cannot compare. */
  readonly incomparable = (a: IonValue, b: IonValue): IonValue => {
    if (this.dialect.incomparableIsFault) {
      throw new EvaluationFault(
        `${typeNameOf(a)} and ${typeNameOf(b)} cannot be compared`,
      );
    }
    return this.dialect.faultsAreMissing ? MISSING : null;
  };

  semantic(at: Position, text: string) {
    return semanticError(this.source, at, text);
  }
}

/** Whether a condition holds: only TRUE does. */
export function isTrue(value: IonValue): boolean {
  return value === true || bare(value) === true;
}

/** Works out values that expressions further on read from their slots. */
function applying(hoisted: readonly HoistedValue[]): Stage {
  return {
    waits: true,
    *run(input, run) {
      const known = new Map<HoistedValue, IonValue>();
      for (const frames of input) {
        if (frames instanceof Wait) {
          yield frames;
          continue;
        }
        for (const frame of frames) {
          for (const each of hoisted) {
            let value = known.get(each);
            if (value === undefined) {
              value = yield* each.evaluate(frame, run);
              if (each.constant) {
                run.budget.hold(sizeOf(value));
                known.set(each, value);
              }
            }
            frame[each.slot] = value;
          }
        }
        yield frames;
      }
    },
    explain: (run) => hoisted.flatMap((each) => each.explain?.(run) ?? []),
  };
}
