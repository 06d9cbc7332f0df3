import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable, Scope } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import {
  type HealthCheckAttempt,
  HealthIndicatorService,
} from '@nestjs/terminus';
import { getQldbToken, type Qldb } from '../nest/index.js';

/** Options of {@link QldbHealthIndicator.pingCheck}. */
export interface QldbPingOptions {
  /** The ledger, by the `name` it was registered with. Default: the one without a name. */
  readonly name?: string;
  /** Milliseconds after which the ledger counts as down. Default: 1,000. */
  readonly timeout?: number;
}

/**
 * Says whether a ledger answers, for `@nestjs/terminus`: begins a transaction,
 * reads, and commits it.
 *
 * @example
 * ```ts
 * \@Module({ imports: [TerminusModule], providers: [QldbHealthIndicator], controllers: [HealthController] })
 * export class HealthModule {}
 *
 * \@Get('health')
 * \@HealthCheck()
 * check() {
 *   return this.health.check([() => this.ledger.pingCheck('ledger')]);
 * }
 * ```
 */
@Injectable({ scope: Scope.TRANSIENT })
export class QldbHealthIndicator {
  constructor(
    private readonly moduleRef: ModuleRef,
    private readonly indicator: HealthIndicatorService,
  ) {}

  /** @param key - the ledger's name in the result */
  pingCheck<Key extends string>(
    key: Key,
    { name, timeout = 1_000 }: QldbPingOptions = {},
  ): HealthCheckAttempt<Key> {
    return this.indicator
      .check(key)
      .attempt(async ({ signal }) => {
        const qldb = this.moduleRef.get<Qldb>(getQldbToken(name), {
          strict: false,
        });
        // Beside any transaction that may be running, and once: a check that retries hides what it should show.
        const answer = qldb.driver.executeLambda(
          (txn) => txn.execute('SELECT VALUE 1 FROM << 1 >> AS one'),
          { signal, retry: 0 },
        );
        // Whoever waits for a database says so before the time is over.
        await Promise.race([answer, troubleOf(qldb, timeout)]);
      })
      .withTimeout(timeout);
  }
}

/** Rejects with what keeps the ledger's store from answering, when most of the time is over, if something does. */
async function troubleOf(qldb: Qldb, timeout: number): Promise<void> {
  await sleep(0.9 * timeout, undefined, { ref: false });
  let trouble: string | undefined;
  try {
    ({ trouble } = qldb.ledger);
  } catch {
    // It is elsewhere, or not open yet.
  }
  if (trouble !== undefined) throw new Error(trouble);
  await new Promise(() => {});
}
