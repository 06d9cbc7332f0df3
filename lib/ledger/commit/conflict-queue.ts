import type { MaybePromise } from '../../async/maybe-promise.js';
import { DeadlineQueue } from '../../async/deadline-queue.js';
import type { ConflictTurn } from '../../session/index.js';

/** What the queue knows of a transaction. */
interface Contender {
  /** Whether it has a turn after a conflict. Those that have none cannot wait for others to have theirs. */
  readonly takesTurns: boolean;
  /** Whose attempt it is, after a conflict. */
  readonly turn: Turn | undefined;
  /** Names of what it read. */
  readonly reads: { has(key: string): boolean };
}

/** How long one may have its turn, in milliseconds: who takes longer competes as before. */
const LONGEST_TURN = 1_000;

/**
 * Lets those that lost to one another have their turns: the first to lose is the
 * first to go, alone among those that want the same thing, so that it need not
 * lose again. Others of its kind that read and write that thing meanwhile conflict,
 * and get a place behind it.
 *
 * Everybody waits for all that he lost by at once, and takes it at once, in the
 * order of the first losses: nobody waits in a circle.
 */
export class ConflictQueue {
  /** By their places. */
  readonly #waiting: Turn[] = [];
  /** Whose turn it is, by the things that it is about. */
  readonly #held = new Map<string, Turn>();
  /** Those whose turn has come, and for whom an earlier write of the thing is not durable yet. */
  readonly #settling = new Set<Turn>();
  readonly #writesBefore: (keys: Iterable<string>) => number;
  readonly #deadlines = new DeadlineQueue<Turn>(
    LONGEST_TURN,
    (turn) => turn.end(),
    { keepsAlive: true },
  );
  #places = 0;
  /** How many writes have ended, well or not. */
  #settled = 0;

  /** @param writesBefore - how many writes are to end until all that was committed under these keys is durable */
  constructor(writesBefore: (keys: Iterable<string>) => number) {
    this.#writesBefore = writesBefore;
  }

  /** The turn of a transaction that lost by a key: its own, if it has one. */
  turnOf({ turn, takesTurns }: Contender, key: string): Turn | undefined {
    if (!takesTurns) return undefined;
    const own = turn ?? new Turn(this, this.#places++);
    own.keys.add(key);
    return own;
  }

  /** What a transaction read and wrote while it is another's turn to do so. */
  reservedFor(
    { takesTurns, turn, reads }: Contender,
    writtenKeys: ReadonlySet<string>,
  ): string | undefined {
    if (!takesTurns) return undefined;
    for (const [key, holder] of this.#held)
      if (holder !== turn && writtenKeys.has(key) && reads.has(key)) return key;
    return undefined;
  }

  /** Called when writes have ended, well or not. */
  settled(writes: number): void {
    this.#settled += writes;
    for (const turn of this.#settling)
      if (turn.notBefore <= this.#settled) {
        this.#settling.delete(turn);
        turn.come();
      }
  }

  /** Called by the turn alone. */
  join(turn: Turn): void {
    let place = this.#waiting.length;
    while (place > 0 && this.#waiting[place - 1].place > turn.place) place--;
    this.#waiting.splice(place, 0, turn);
    this.#advance();
  }

  /** Called by the turn alone. */
  leave(turn: Turn): void {
    const place = this.#waiting.indexOf(turn);
    if (place >= 0) this.#waiting.splice(place, 1);
    for (const key of turn.keys)
      if (this.#held.get(key) === turn) this.#held.delete(key);
    this.#settling.delete(turn);
    this.#deadlines.delete(turn);
    this.#advance();
  }

  #advance(): void {
    const wanted = new Set<string>();
    for (const turn of this.#waiting.slice()) {
      const keys = [...turn.keys];
      if (keys.some((key) => this.#held.has(key) || wanted.has(key)))
        for (const key of keys) wanted.add(key);
      else this.#take(turn);
    }
  }

  #take(turn: Turn): void {
    this.#waiting.splice(this.#waiting.indexOf(turn), 1);
    for (const key of turn.keys) this.#held.set(key, turn);
    this.#deadlines.add(turn);
    const writes = this.#writesBefore(turn.keys);
    if (writes === 0) return turn.come();
    turn.notBefore = this.#settled + writes;
    this.#settling.add(turn);
  }
}

/** A place in a {@link ConflictQueue}; one for all attempts of a lambda. */
export class Turn implements ConflictTurn {
  /** What its transactions lost by. */
  readonly keys = new Set<string>();
  /** How many writes have ended when it comes. */
  notBefore = 0;
  #hasCome = false;
  #wake: (() => void) | undefined;

  constructor(
    private readonly queue: ConflictQueue,
    readonly place: number,
  ) {}

  begin(): MaybePromise<void> {
    this.#hasCome = false;
    this.queue.join(this);
    if (this.#hasCome) return undefined;
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  end(): void {
    this.queue.leave(this);
  }

  /** Called by the queue. */
  come(): void {
    this.#hasCome = true;
    this.#wake?.();
  }
}
