import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { countOf, fieldsOf } from '../json/input.js';
import { RushService } from './rush.service.js';

@Controller('rush')
export class RushController {
  constructor(private readonly rush: RushService) {}

  @Post()
  @HttpCode(200)
  run(@Body() body: unknown) {
    const { Transfers, Parallel } = fieldsOf(body);
    return this.rush.run(
      countOf(Transfers, 'Transfers', 1000),
      countOf(Parallel, 'Parallel', 32),
    );
  }
}
