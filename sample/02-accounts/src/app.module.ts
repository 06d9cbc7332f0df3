import { Module } from '@nestjs/common';
import { APP_FILTER, APP_INTERCEPTOR } from '@nestjs/core';
import {
  IonJsonInterceptor,
  equalJitterBackoff,
  QldbExceptionFilter,
  QldbModule,
} from 'nestjs-qldb';
import { AccountsModule } from './accounts/accounts.module.js';
import { AuditModule } from './audit/audit.module.js';
import { Conflicts, ConflictsModule } from './conflicts.js';
import { HealthModule } from './health/health.module.js';
import { ACCOUNTS, AUDIT, STORE } from './ledgers.js';
import { RushModule } from './rush/rush.module.js';
import { TransfersModule } from './transfers/transfers.module.js';

@Module({
  imports: [
    QldbModule.forRootAsync({
      name: ACCOUNTS,
      imports: [ConflictsModule],
      inject: [Conflicts],
      useFactory: ({ onRetry }: Conflicts) => ({
        ledgerName: 'accounts',
        store: STORE,
        // A few accounts, and everybody wants them: those that lost wait longer and longer, until it is quiet.
        retry: {
          limit: 30,
          backoff: equalJitterBackoff({ base: 1, cap: 250 }),
        },
        onRetry,
      }),
    }),
    QldbModule.forRoot({ name: AUDIT, ledgerName: 'audit', store: STORE }),
    AccountsModule,
    TransfersModule,
    AuditModule,
    RushModule,
    HealthModule,
  ],
  providers: [
    { provide: APP_INTERCEPTOR, useClass: IonJsonInterceptor },
    { provide: APP_FILTER, useClass: QldbExceptionFilter },
  ],
})
export class AppModule {}
