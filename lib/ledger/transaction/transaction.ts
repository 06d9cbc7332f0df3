import { type Steps, wait } from '../../async/maybe-promise.js';
import { isTimeToPause, isTurnLong, nextTurn } from '../../async/turns.js';
import type { IonValue } from '../../ion/value.js';
import {
  compile,
  type Statement,
  type StatementRows,
} from '../../partiql/index.js';
import { CommitDigest, InvalidSessionException } from '../../session/index.js';
import type { IndexEntry, Redaction, Snapshot } from '../../store/contract.js';
import { timestampOf } from '../journal/block.js';
import type { Turn } from '../commit/conflict-queue.js';
import type { LedgerPorts } from '../ports.js';
import type { UniqueIds } from '../unique-id.js';
import { ReadSet } from './read-set.js';
import { readParameters, ReceivedStatement } from './received-statement.js';
import { StatementScope } from './statement-scope.js';
import type { TableCatalog } from './table-catalog.js';
import { type SizeLimits, TransactionSize } from './transaction-size.js';
import { WriteSet } from './write-set.js';

/** Rows of a statement, in batches. */
export type ResultRows = Pick<StatementRows, 'next' | 'close'>;

/** What a transaction begins with. */
export interface TransactionStart {
  readonly strandId: string;
  readonly ports: LedgerPorts;
  readonly ids: UniqueIds;
  readonly snapshot: Snapshot;
  readonly catalog: TableCatalog;
  /** Whether lookups in an index find all there is. */
  readonly isBuilt: (indexId: string) => boolean;
  readonly limits: SizeLimits;
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
  /** Every statement, those that failed included. */
  readonly #received: ReceivedStatement[] = [];
  readonly #statements: ReceivedStatement[] = [];
  #size: TransactionSize;
  #openCursors = 0;
  #ended = false;

  constructor(start: TransactionStart) {
    this.#start = start;
    this.id = start.ids.next();
    this.catalog = start.catalog;
    this.#size = new TransactionSize(start.limits);
  }

  get snapshot(): Snapshot {
    return this.#start.snapshot;
  }

  get takesTurns(): boolean {
    return this.#start.takesTurns;
  }

  get turn(): Turn | undefined {
    return this.#start.turn;
  }

  /** The tables as of the snapshot. */
  get committedCatalog(): TableCatalog {
    return this.#start.catalog;
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
    const { strandId, snapshot, catalog, isBuilt, ports, ids } = this.#start;
    const startTime = ports.now();
    const read = yield* readParameters(parameters);
    const received = new ReceivedStatement(text, startTime, read);
    this.#received.push(received);
    this.#hold(received, parameters);

    const statement = compile(text);
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
      parameters: read.map(({ value }) => value),
      transactionId: this.id,
      now: () => timestampOf(ports.now()),
      pause: () => this.#pause(),
    });
    const result = yield* this.#run(statement, scope, rows);
    this.#statements.push(received);
    return result;
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

  *#run(
    { kind }: Statement,
    scope: StatementScope,
    rows: StatementRows,
  ): Steps<ResultRows> {
    if (kind === 'query') return this.#cursor(rows);
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

  #throwIfEnded(): void {
    if (this.#ended)
      throw new InvalidSessionException(`Transaction ${this.id} has expired`);
  }

  /** Ends its reads and lets go of the snapshot. Idempotent. */
  close(): void {
    this.#ended = true;
    this.snapshot.close();
  }
}

function replay(batches: readonly (readonly IonValue[])[]): ResultRows {
  let next = 0;
  return { next: () => batches[next++], close: () => {} };
}
