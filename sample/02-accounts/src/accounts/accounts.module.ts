import { Module } from '@nestjs/common';
import { QldbModule } from 'nestjs-qldb';
import { Account } from '../documents.js';
import { ACCOUNTS } from '../ledgers.js';
import { AccountsController } from './accounts.controller.js';
import { AccountsService } from './accounts.service.js';

@Module({
  imports: [
    QldbModule.forFeature([Account], { name: ACCOUNTS, createTables: true }),
  ],
  controllers: [AccountsController],
  providers: [AccountsService],
  exports: [AccountsService],
})
export class AccountsModule {}
