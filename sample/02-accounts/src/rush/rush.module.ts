import { Module } from '@nestjs/common';
import { AccountsModule } from '../accounts/accounts.module.js';
import { ConflictsModule } from '../conflicts.js';
import { TransfersModule } from '../transfers/transfers.module.js';
import { RushController } from './rush.controller.js';
import { RushService } from './rush.service.js';

@Module({
  imports: [AccountsModule, ConflictsModule, TransfersModule],
  controllers: [RushController],
  providers: [RushService],
})
export class RushModule {}
