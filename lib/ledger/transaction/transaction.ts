import { decodeIon } from '../../ion/decode.js';
import { hashIon } from '../../ion/hash.js';
import type { IonValue } from '../../ion/value.js';
import { compile } from '../../partiql/index.js';
import {
  BadRequestException,
  CommitDigest,
  statementDigest,
} from '../../session/index.js';
import type { Snapshot } from '../../store/contract.js';
import { type StatementInfo, timestampOf } from '../journal/block.js';
import type { LedgerPorts } from '../ports.js';
import { uniqueId } from '../unique-id.js';
import { Pace } from './pace.js';
import { ReadSet } from './read-set.js';
import { StatementScope } from './statement-scope.js';
import type { TableCatalog } from './table-catalog.js';
import { WriteSet } from './write-set.js';

/** Rows of a statement, in batches; `return()` ends it early. */
export type ResultRows = AsyncIterator<readonly IonValue[], void>;

/** What a transaction begins with. */
export interface TransactionStart {
  readonly strandId: string;
  readonly ports: LedgerPorts;
  readonly snapshot: Snapshot;
  readonly catalog: TableCatalog;
}

/**
 * One transaction: it reads as of the block at which it began plus its own
 * writes, and notes what it read. Nothing of it is seen by others until the
 * {@link Sequencer} has made it a block.
 */
export class LedgerTransaction {
  readonly id: string;
  readonly snapshot: Snapshot;
  readonly strandId: string;
  readonly ports: LedgerPorts;
  readonly reads = new ReadSet();
  readonly pace: Pace;
  /** Covers every statement received, those that failed included, as the drivers' do. */
  readonly digest: CommitDigest;
  /** The tables as of the snapshot. */
  readonly committedCatalog: TableCatalog;
  readonly #statements: StatementInfo[] = [];
  /** The tables with this transaction's own changes. */
  catalog: TableCatalog;
  #writes = new WriteSet();
  #openCursors = 0;

  constructor({ strandId, ports, snapshot, catalog }: TransactionStart) {
    this.id = uniqueId(ports);
    this.strandId = strandId;
    this.ports = ports;
    this.snapshot = snapshot;
    this.committedCatalog = catalog;
    this.catalog = catalog;
    this.digest = new CommitDigest(this.id);
    this.pace = new Pace(this.id);
  }

  get statements(): readonly StatementInfo[] {
    return this.#statements;
  }

  get writes(): WriteSet {
    return this.#writes;
  }

  get isReadOnly(): boolean {
    for (const { base, data } of this.#writes) if (base ?? data) return false;
    return true;
  }

  /**
   * Runs a statement. A query's rows are read as they are asked for, and show
   * the documents as they are now, whatever later statements write. Any other
   * statement has taken effect, whole, when the promise resolves; or not at all,
   * when it rejects.
   */
  async execute(
    statement: string,
    parameters: readonly Uint8Array[],
  ): Promise<ResultRows> {
    const startTime = this.ports.now();
    const values = parameters.map(readParameter);
    const digest = statementDigest(statement, values.map(hashIon));
    this.digest.addDigest(digest);

    const compiled = compile(statement);
    const { strandId, snapshot, reads, pace, catalog } = this;
    const scope = new StatementScope({
      view: { strandId, snapshot, reads, pace, writes: this.#writes },
      catalog,
      committedCatalog: this.committedCatalog,
      ports: this.ports,
      number: this.#statements.length,
    });
    const rows = compiled
      .execute({
        catalog: scope,
        parameters: values,
        transactionId: this.id,
        now: () => timestampOf(this.ports.now()),
        pause: () => pace.pause(),
      })
      [Symbol.asyncIterator]();
    const result =
      compiled.kind === 'query'
        ? this.#cursor(rows)
        : await this.#runToEnd(rows, scope);
    this.#statements.push({ statement, startTime, statementDigest: digest });
    return result;
  }

  async #runToEnd(
    rows: ResultRows,
    scope: StatementScope,
  ): Promise<ResultRows> {
    const batches: (readonly IonValue[])[] = [];
    for (let next = await rows.next(); !next.done; next = await rows.next())
      batches.push(next.value);
    const documents = await scope.documents();
    // A cursor that is still open goes on with what it began with.
    if (documents.length > 0 && this.#openCursors > 0)
      this.#writes = this.#writes.clone();
    for (const document of documents) this.#writes.put(document);
    this.catalog = scope.version;
    return replay(batches);
  }

  /** Counts a query as open from its first row to its last. */
  async *#cursor(rows: ResultRows): AsyncGenerator<readonly IonValue[], void> {
    this.#openCursors++;
    try {
      for (let next = await rows.next(); !next.done; next = await rows.next())
        yield next.value;
    } finally {
      this.#openCursors--;
      await rows.return?.();
    }
  }

  /** Ends its reads and lets go of the snapshot. Idempotent. */
  close(): void {
    this.pace.end();
    this.snapshot.close();
  }
}

async function* replay(
  batches: readonly (readonly IonValue[])[],
): AsyncGenerator<readonly IonValue[], void> {
  yield* batches;
}

function readParameter(bytes: Uint8Array, n: number): IonValue {
  try {
    const value = decodeIon(bytes);
    // Hashing reads every byte, so what is stored later is known to be sound.
    hashIon(value);
    return value;
  } catch (error) {
    throw new BadRequestException(
      `Parameter ${n + 1} is not a valid Ion binary value. Send exactly one value with its version marker.`,
      { cause: error },
    );
  }
}
