import { Controller, Get, Param } from '@nestjs/common';
import { AuditService } from './audit.service.js';

@Controller('audit')
export class AuditController {
  constructor(private readonly audit: AuditService) {}

  @Get()
  async summary() {
    return { Entries: await this.audit.count() };
  }

  @Get(':transferId')
  check(@Param('transferId') transferId: string) {
    return this.audit.check(transferId);
  }
}
