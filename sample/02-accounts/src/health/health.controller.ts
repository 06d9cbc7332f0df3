import { Controller, Get } from '@nestjs/common';
import { HealthCheck, HealthCheckService } from '@nestjs/terminus';
import { QldbHealthIndicator } from 'nestjs-qldb/terminus';
import { ACCOUNTS, AUDIT } from '../ledgers.js';

@Controller('health')
export class HealthController {
  constructor(
    private readonly health: HealthCheckService,
    private readonly ledger: QldbHealthIndicator,
  ) {}

  @Get()
  @HealthCheck()
  check() {
    return this.health.check([
      () => this.ledger.pingCheck(ACCOUNTS, { name: ACCOUNTS }),
      () => this.ledger.pingCheck(AUDIT, { name: AUDIT }),
    ]);
  }
}
