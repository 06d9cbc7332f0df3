import { Injectable, Module } from '@nestjs/common';
import type { RetryListener } from 'nestjs-qldb';

/** How often a transaction had to run again, because another one was faster. */
@Injectable()
export class Conflicts {
  #retried = 0;

  get retried(): number {
    return this.#retried;
  }

  readonly onRetry: RetryListener = (_attempt, { kind }) => {
    if (kind === 'occ-conflict') this.#retried++;
  };
}

@Module({ providers: [Conflicts], exports: [Conflicts] })
export class ConflictsModule {}
