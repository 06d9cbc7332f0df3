import { Controller, Get } from '@nestjs/common';
import {
  HealthCheck,
  HealthCheckService,
  TerminusModule,
} from '@nestjs/terminus';
import { Test } from '@nestjs/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { INestApplication } from '@nestjs/common';
import { openLedger, type Ledger } from '../../lib/ledger/index.js';
import { QldbModule } from '../../lib/nest/index.js';
import { QldbHealthIndicator } from '../../lib/terminus/index.js';
import { FaultEndpoint } from '../../lib/testing/index.js';

@Controller()
class HealthController {
  constructor(
    private readonly health: HealthCheckService,
    private readonly ledger: QldbHealthIndicator,
  ) {}

  @Get()
  @HealthCheck()
  check() {
    return this.health.check([
      () => this.ledger.pingCheck('main', { timeout: 60_000 }),
      () => this.ledger.pingCheck('audit', { name: 'audit', timeout: 1_000 }),
    ]);
  }
}

describe('QldbHealthIndicator', () => {
  let app: INestApplication;
  let ledger: Ledger;
  let audit: FaultEndpoint;

  beforeEach(async () => {
    ledger = await openLedger({ name: 'audit', store: 'memory:' });
    audit = new FaultEndpoint(ledger.sessions);
    const module = await Test.createTestingModule({
      imports: [
        TerminusModule.forRoot({ logger: false }),
        QldbModule.forRoot({ ledgerName: 'main', store: 'memory:' }),
        QldbModule.forRoot({
          name: 'audit',
          ledgerName: 'audit',
          endpoint: audit,
        }),
      ],
      providers: [QldbHealthIndicator],
      controllers: [HealthController],
    }).compile();
    module.useLogger(false);
    app = module.createNestApplication();
    await app.listen(0, '127.0.0.1');
  });
  afterEach(async () => {
    audit.clear();
    await app.close();
    await ledger.close();
  });

  const check = async () => {
    const response = await fetch(await app.getUrl());
    const body = (await response.json()) as {
      details: Record<string, { status: string }>;
    };
    const { main, audit: second } = body.details;
    return [response.status, main?.status, second?.status];
  };

  it('is up while the ledger answers', async () => {
    expect(await check()).toEqual([200, 'up', 'up']);
    const [last] = audit.commands.slice(-1);
    expect(last).toEqual({ command: 'CommitTransaction', outcome: 'answered' });
  });

  it('is down when the ledger fails, without a retry', async () => {
    audit.inject({
      command: 'StartTransaction',
      times: Infinity,
      disconnect: true,
    });
    const before = audit.commands.length;
    expect(await check()).toEqual([503, 'up', 'down']);
    const starts = audit.commands
      .slice(before)
      .filter(({ command }) => command === 'StartTransaction');
    expect(starts).toHaveLength(1);
  });

  it('is down when the ledger does not answer in time, and up again later', async () => {
    const restore = audit.inject({ command: 'ExecuteStatement', hang: true });
    expect(await check()).toEqual([503, 'up', 'down']);
    restore();
    expect(await check()).toEqual([200, 'up', 'up']);
  });
});
