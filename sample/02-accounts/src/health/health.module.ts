import { Module } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { QldbHealthIndicator } from 'nestjs-qldb/terminus';
import { HealthController } from './health.controller.js';

@Module({
  imports: [TerminusModule],
  controllers: [HealthController],
  providers: [QldbHealthIndicator],
})
export class HealthModule {}
