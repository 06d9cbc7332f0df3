import { Body, Controller, Post } from '@nestjs/common';
import { Transactional } from 'nestjs-qldb';
import { ACCOUNTS } from '../ledgers.js';
import { parseTransfer } from './transfer.input.js';
import { TransfersService } from './transfers.service.js';

@Controller('transfers')
@Transactional({ name: ACCOUNTS })
export class TransfersController {
  constructor(private readonly transfers: TransfersService) {}

  /** The answer leaves after the commit, however often the transfer had to run. */
  @Post()
  transfer(@Body() body: unknown) {
    return this.transfers.transfer(parseTransfer(body));
  }
}
