import {
  type MaybePromise,
  type Steps,
  wait,
} from '../../async/maybe-promise.js';
import { isTimeToPause, isTurnLong, nextTurn } from '../../async/turns.js';
import type { IonValue } from '../../ion/value.js';
import {
  compile,
  type Statement,
  type StatementRows,
} from '../../partiql/index.js';
import {
  CommitDigest,
  InvalidSessionException,
  OccConflictException,
} from '../../session/index.js';
import type { IndexEntry, Redaction, Snapshot } from '../../store/contract.js';
import { timestampOf } from '../journal/block.js';
import type { Turn } from '../commit/conflict-queue.js';
import type { LedgerLimits } from '../limits.js';
import type { LedgerPorts } from '../ports.js';
import type { UniqueIds } from '../unique-id.js';
import { ReadSet } from './read-set.js';
import {
  type Parameter,
  readParameters,
  ReceivedStatement,
} from './received-statement.js';
import { StatementScope } from './statement-scope.js';
import type { TableCatalog } from './table-catalog.js';
import { type SizeLimits, TransactionSize } from './transaction-size.js';
import { WriteSet } from './write-set.js';

/** Rows of a statement, in batches. */
export type ResultRows = Pick<StatementRows, 'next' | 'close'>;

/** What a transaction reads, and the tables that it knows to be there. */
export interface Beginning {
  readonly snapshot: Snapshot;
  readonly catalog: TableCatalog;
}

/** Bounds of one statement. */
export type StatementLimits = Pick<
  LedgerLimits,
  'maxStatementBytes' | 'maxValueBytes'
>;

/** What a transaction begins with. */
export interface TransactionStart {
  readonly strandId: string;
  readonly ports: LedgerPorts;
  readonly ids: UniqueIds;
  readonly beginning: Beginning;
  /** Learns what other processes have done meanwhile, and begins anew. */
  readonly beginAgain: () => MaybePromise<Beginning>;
  /** Whether lookups in an index find all there is. */
  readonly isBuilt: (indexId: string) => boolean;
  readonly limits: SizeLimits & StatementLimits;
  /** Whether whoever runs it waits for its turn after a conflict. */
  readonly takesTurns: boolean;
  /** Whose attempt it is, after a conflict. */
  readonly turn?: Turn | undefined;
}

/**
 * One transaction: it reads as of the block at which it began plus its own
 * writes, and notes what it read. Nothing of it is seen by others until the
 * {@link Sequencer} has made it a block.
 */
export class LedgerTransaction {
  readonly id: string;
  readonly reads = new ReadSet();
  readonly writes = new WriteSet();
  /** The tables with this transaction's own changes. */
  catalog: TableCatalog;
  /** The revision that it redacts. */
  redaction: Redaction | undefined;
  readonly #start: TransactionStart;
  #beginning: Beginning;
  /** Every statement, those that failed included. */
  readonly #received: ReceivedStatement[] = [];
  readonly #statements: ReceivedStatement[] = [];
  #size: TransactionSize;
  #openCursors = 0;
  #ended = false;
  #interruption: Error | undefined;

  constructor(start: TransactionStart) {
    this.#start = start;
    this.id = start.ids.next();
    this.#beginning = start.beginning;
    this.catalog = this.#beginning.catalog;
    this.#size = new TransactionSize(start.limits);
  }

  get snapshot(): Snapshot {
    return this.#beginning.snapshot;
  }

  get takesTurns(): boolean {
    return this.#start.takesTurns;
  }

  get turn(): Turn | undefined {
    return this.#start.turn;
  }

  /** The tables as of the snapshot. */
  get committedCatalog(): TableCatalog {
    return this.#beginning.catalog;
  }

  /** The statements that took effect. */
  get statements(): readonly ReceivedStatement[] {
    return this.#statements;
  }

  /** The digest that a driver computes too. It covers every statement received, those that failed included, as the drivers' do. */
  get digest(): Uint8Array {
    const digest = new CommitDigest(this.id);
    for (const { statementDigest } of this.#received)
      digest.addDigest(statementDigest);
    return digest.value;
  }

  /** What the transaction changes in the indexes that were there before it, and stay; document by document. */
  indexEntries(): Iterable<Iterable<IndexEntry>> {
    const { catalog, committedCatalog } = this;
    return this.writes.indexEntries((tableId) => {
      const indexes = catalog.byId(tableId)?.indexes ?? [];
      return catalog === committedCatalog
        ? indexes
        : indexes.filter(({ indexId }) =>
            committedCatalog.hasIndex(tableId, indexId),
          );
    });
  }

  /** Whether it has shown what one statement read, and nothing else. */
  get isOneStatement(): boolean {
    return this.#received.length <= 1;
  }

  get isReadOnly(): boolean {
    for (const { base, data } of this.writes) if (base ?? data) return false;
    return true;
  }

  /**
   * Runs a statement. A query's rows are read as they are asked for, and show
   * the documents as they are now, whatever later statements write. Any other
   * statement has taken effect, whole, when this returns; or not at all, when it
   * throws.
   */
  *execute(text: string, parameters: readonly Uint8Array[]): Steps<ResultRows> {
    const startTime = this.#start.ports.now();
    const read = yield* readParameters(parameters);
    const received = new ReceivedStatement(text, startTime, read);
    this.#received.push(received);
    this.#hold(received, parameters);

    const statement = compile(text);
    for (;;) {
      const { snapshot, catalog } = this.#beginning;
      try {
        const result = yield* this.#attempt(statement, read);
        this.#statements.push(received);
        return result;
      } catch (error) {
        // It was read what there is now.
        if (snapshot.isSettled) throw error;
        // It may have failed because others have defined tables meanwhile.
        const beginning = yield* wait(this.#start.beginAgain());
        if (beginning.catalog === catalog) throw error;
        this.#throwIfEnded();
        // Those that failed have shown something, too.
        if (this.#received.length > 1)
          throw new OccConflictException(
            'Tables were defined since the transaction began',
            { cause: error },
          );
        this.#begin(beginning);
      }
    }
  }

  *#attempt(
    statement: Statement,
    parameters: readonly Parameter[],
  ): Steps<ResultRows> {
    const { strandId, isBuilt, ports, ids, limits } = this.#start;
    const { snapshot, catalog } = this.#beginning;
    const number = this.#statements.length;
    const scope = new StatementScope({
      view: {
        strandId,
        snapshot,
        reads: this.reads,
        writes: this.writes.before(number),
      },
      catalog: this.catalog,
      committedCatalog: catalog,
      isBuilt,
      ports,
      ids,
      number,
      hasRedaction: this.redaction !== undefined,
      size: this.#size.copy(),
      keepsWrites: this.#openCursors > 0,
    });
    const rows = statement.execute({
      catalog: scope,
      parameters: parameters.map(({ value }) => value),
      transactionId: this.id,
      now: () => timestampOf(ports.now()),
      pause: () => this.#pause(),
      memory: limits.maxStatementBytes,
      largestValue: limits.maxValueBytes,
    });
    if (statement.kind !== 'query') return yield* this.#change(scope, rows);
    const cursor = this.#cursor(rows);
    // Its first rows tell whether it has read what there is now.
    return snapshot.isSettled ? cursor : yield* begun(cursor);
  }

  #begin(beginning: Beginning): void {
    this.#beginning.snapshot.close();
    this.#beginning = beginning;
    this.catalog = beginning.catalog;
  }

  /** Counts the parameters of a statement, which are kept until its digest is asked for. */
  #hold(received: ReceivedStatement, parameters: readonly Uint8Array[]): void {
    try {
      this.#size.add(
        0,
        parameters.reduce((sum, { length }) => sum + length, 0),
      );
    } catch (error) {
      received.settle();
      throw error;
    }
  }

  /** Runs a statement that is no query to its end. */
  *#change(scope: StatementScope, rows: StatementRows): Steps<ResultRows> {
    const batches: (readonly IonValue[])[] = [];
    for (;;) {
      const batch = yield* wait(rows.next());
      if (batch === undefined) break;
      batches.push(batch);
    }
    yield* this.#put(scope);
    this.catalog = scope.version;
    this.redaction ??= scope.redaction;
    this.#size = scope.size;
    return replay(batches);
  }

  /** Adds what a statement wrote. Once begun it is not left undone. */
  *#put(scope: StatementScope): Steps<void> {
    const documents = yield* scope.documents();
    for (const [n, document] of documents.entries()) {
      // A cursor that is still open goes on with what it began with.
      this.writes.put(document, this.#openCursors > 0);
      if (isTimeToPause(n)) yield nextTurn();
    }
  }

  /** Counts a query as open until its last row. */
  #cursor(rows: StatementRows): ResultRows {
    this.#openCursors++;
    let isOpen = true;
    const end = () => {
      if (isOpen) this.#openCursors--;
      isOpen = false;
    };
    const ended = (batch: readonly IonValue[] | undefined) => {
      if (batch === undefined) end();
      return batch;
    };
    return {
      next: () => {
        const batch = rows.next();
        return batch instanceof Promise ? batch.then(ended) : ended(batch);
      },
      close: () => {
        end();
        rows.close();
      },
    };
  }

  /** Lets others run, when it is time for that, and ends a statement whose transaction has ended. */
  #pause(): Promise<void> | undefined {
    this.#throwIfEnded();
    return isTurnLong() ? this.#rest() : undefined;
  }

  async #rest(): Promise<void> {
    await nextTurn();
    this.#throwIfEnded();
  }

  /**
   * Ends the statement that runs now, as soon as it looks up from its work.
   *
   * @param error - what becomes of it; undefined once it has ended
   */
  interrupt(error: Error | undefined): void {
    this.#interruption = error;
  }

  #throwIfEnded(): void {
    if (this.#interruption) throw this.#interruption;
    if (this.#ended)
      throw new InvalidSessionException(`Transaction ${this.id} has expired`);
  }

  /** Ends its reads and lets go of the snapshot. Idempotent. */
  close(): void {
    this.#ended = true;
    this.snapshot.close();
  }
}

/** The same rows, with the first of them at hand. */
function* begun(rows: ResultRows): Steps<ResultRows> {
  let first: readonly IonValue[] | undefined;
  try {
    first = yield* wait(rows.next());
  } catch (error) {
    rows.close();
    throw error;
  }
  let isFirst = true;
  return {
    next: () => {
      if (!isFirst) return rows.next();
      isFirst = false;
      return first;
    },
    close: () => rows.close(),
  };
}

function replay(batches: readonly (readonly IonValue[])[]): ResultRows {
  let next = 0;
  return { next: () => batches[next++], close: () => {} };
}
