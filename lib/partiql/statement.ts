import { rememberedTexts } from '../ion/remembered-texts.js';
import type { IonValue, Timestamp } from '../ion/value.js';
import type { Catalog } from './catalog.js';
import { parameterCountError } from './errors.js';
import type { StatementNode } from './language/ast.js';
import { parse } from './language/parser/index.js';
import { Budget } from './plan/budget.js';
import type { Typing } from './dialect.js';
import type { StatementPlan } from './plan/statement-plan.js';
import { planStatement } from './plan/statement.js';
import { type RowFlow, StatementRows } from './rows.js';

export type { StatementRows };

/** What a statement does: reads, writes documents, defines tables, or calls a procedure. */
export type StatementKind = 'query' | 'dml' | 'ddl' | 'exec';

/** What one execution of a statement works with. */
export interface ExecutionContext {
  readonly catalog: Catalog;
  /** One value for each `?`, in the order of the text. */
  readonly parameters: readonly IonValue[];
  /** What `TXID()` gives. */
  readonly transactionId: string;
  /** What `UTCNOW()` gives; a function is called once, and only if the statement asks. */
  readonly now: Timestamp | (() => Timestamp);
  /**
   * What becomes of values that an operator cannot work with: an error, as in
   * QLDB, or MISSING, as the PartiQL specification has it. Default: `'qldb'`.
   */
  readonly typing?: Typing;
  /**
   * Called every few thousand row steps, also while no row comes out: the place
   * to give others a turn of the event loop, or to end the statement by throwing
   * or rejecting. What it returns is awaited, unless it is undefined. A short
   * statement never calls it. Default: the statement runs on.
   */
  readonly pause?: () => Promise<void> | undefined;
  /** Bytes that the statement may hold at a time; over it, it ends with `PARTIQL_MEMORY`. Default: 256 MiB. */
  readonly memory?: number;
  /**
   * Bytes that a value may take which the statement makes, as if it were written
   * out; over it, it ends with `PARTIQL_MEMORY`. Documents and parameters may be
   * larger. Default: 16 MiB.
   */
  readonly largestValue?: number;
}

/** A statement that was parsed. It can be executed any number of times, in any ledger. */
export interface Statement {
  readonly text: string;
  readonly kind: StatementKind;
  /** Number of `?` in the text. */
  readonly parameterCount: number;
  /**
   * Runs the statement when the first batch is asked for. A query reads as its
   * rows are taken, so what is left unread costs nothing; a statement that
   * writes has written all of it when its first batch is there.
   *
   * @returns rows in batches: those of a query, `{documentId}` for each document
   *   that was written, `{tableId}` for a definition.
   * @throws PartiqlError from the first batch on, not from the call.
   */
  execute(context: ExecutionContext): StatementRows;
}

/**
 * Characters of the texts whose statements are kept. A statement and its plans
 * take up to 130 bytes for a character, so that is 35 MB at most.
 */
const CACHE_TEXT = 1 << 18;

/**
 * Parses a statement. The result is kept, so the same text costs nothing the
 * next time.
 *
 * @throws PartiqlError if the text is no statement.
 */
export const compile: (text: string) => Statement = rememberedTexts(
  (text) => new ParsedStatement(text),
  CACHE_TEXT,
);

class ParsedStatement implements Statement {
  readonly parameterCount: number;
  readonly kind: StatementKind;
  readonly #node: StatementNode;
  /** A plan for each state of a catalog, as long as somebody has that state. */
  readonly #plans: Readonly<Record<Typing, WeakMap<object, KnownPlan>>> = {
    qldb: new WeakMap(),
    strict: new WeakMap(),
    permissive: new WeakMap(),
  };

  constructor(readonly text: string) {
    const { statement, parameterCount } = parse(text);
    this.#node = statement;
    this.parameterCount = parameterCount;
    this.kind = kindOf(statement);
  }

  execute(context: ExecutionContext): StatementRows {
    return new StatementRows(this.#run(context));
  }

  *#run(context: ExecutionContext): RowFlow {
    const { catalog, parameters, transactionId, now, pause } = context;
    let time: Timestamp | undefined;
    // What is only explained needs no values.
    const isEnough = this.#node.kind === 'Explain' && parameters.length === 0;
    if (parameters.length !== this.parameterCount && !isEnough) {
      throw parameterCountError(this.parameterCount, parameters.length);
    }
    const plan = this.#plan(catalog, context.typing ?? 'qldb');
    yield* plan.rows({
      catalog,
      parameters,
      transactionId,
      now: () => (time ??= typeof now === 'function' ? now() : now),
      pause,
      budget: new Budget(context.memory, context.largestValue),
      work: 0,
    });
  }

  #plan(catalog: Catalog, typing: Typing): StatementPlan {
    const plans = this.#plans[typing];
    const known = plans.get(catalog.version);
    if (known !== undefined) {
      // What a name means is read by every statement that has it, even if it
      // comes to no row of that relation: the catalog must hear of all of them.
      for (const path of known.names) catalog.relation(path);
      return known.plan;
    }
    const names = new Map<string, readonly string[]>();
    const relation: Catalog['relation'] = (path) => {
      names.set(path.join('\0'), path);
      return catalog.relation(path);
    };
    const node =
      typing === 'qldb' ? this.#node : parse(this.text, { typing }).statement;
    const plan = planStatement(this.text, node, { relation }, { typing });
    plans.set(catalog.version, { plan, names: [...names.values()] });
    return plan;
  }
}

interface KnownPlan {
  readonly plan: StatementPlan;
  /** The relations that were looked for, those that are none included. */
  readonly names: readonly (readonly string[])[];
}

function kindOf(node: StatementNode): StatementKind {
  switch (node.kind) {
    case 'Explain':
    case 'SelectStatement':
      return 'query';
    case 'Insert':
    case 'Change':
      return 'dml';
    case 'Exec':
      return 'exec';
    case 'CreateTable':
    case 'CreateIndex':
    case 'DropTable':
    case 'DropIndex':
    case 'UndropTable':
      return 'ddl';
  }
}
