import { Module } from '@nestjs/common';
import { QldbModule } from 'nestjs-qldb';
import { AccountsModule } from '../accounts/accounts.module.js';
import { AuditModule } from '../audit/audit.module.js';
import { Transfer } from '../documents.js';
import { ACCOUNTS } from '../ledgers.js';
import { NotificationsModule } from '../notifications/notifications.module.js';
import { TransfersConsumer } from './transfers.consumer.js';
import { TransfersController } from './transfers.controller.js';
import { TransfersService } from './transfers.service.js';

@Module({
  imports: [
    QldbModule.forFeature([Transfer], { name: ACCOUNTS, createTables: true }),
    AccountsModule,
    AuditModule,
    NotificationsModule,
  ],
  controllers: [TransfersController, TransfersConsumer],
  providers: [TransfersService],
  exports: [TransfersService],
})
export class TransfersModule {}
