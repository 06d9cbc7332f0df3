import { Controller, UseFilters } from '@nestjs/common';
import { EventPattern, MessagePattern, Payload } from '@nestjs/microservices';
import { Transactional } from 'nestjs-qldb';
import { fieldsOf } from '../json/input.js';
import { ACCOUNTS } from '../ledgers.js';
import { RefusalFilter } from './refusal.filter.js';
import { parseTransfer } from './transfer.input.js';
import { TransfersService } from './transfers.service.js';

/** The same transfers for other services, over TCP. */
@Controller()
@Transactional({ name: ACCOUNTS })
@UseFilters(RefusalFilter)
export class TransfersConsumer {
  constructor(private readonly transfers: TransfersService) {}

  @MessagePattern('transfer')
  transfer(@Payload() message: unknown) {
    return this.transfers.transfer(parseTransfer(message));
  }

  /** An event may come twice. Its `Id` is the transfer's, so it is booked once. */
  @EventPattern('payment.received')
  async receive(@Payload() event: unknown): Promise<void> {
    await this.transfers.transfer(
      parseTransfer({ ...fieldsOf(event), From: 'clearing' }),
    );
  }
}
