import { Module } from '@nestjs/common';
import { QldbModule } from 'nestjs-qldb';
import { AuditEntry, Transfer } from '../documents.js';
import { ACCOUNTS, AUDIT } from '../ledgers.js';
import { AuditController } from './audit.controller.js';
import { AuditService } from './audit.service.js';

@Module({
  imports: [
    QldbModule.forFeature([AuditEntry], { name: AUDIT, createTables: true }),
    QldbModule.forFeature([Transfer], { name: ACCOUNTS, createTables: true }),
  ],
  controllers: [AuditController],
  providers: [AuditService],
  exports: [AuditService],
})
export class AuditModule {}
