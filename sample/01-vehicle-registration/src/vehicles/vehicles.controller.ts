import { Body, Controller, Get, HttpCode, Param, Post } from '@nestjs/common';
import { Transactional } from 'nestjs-qldb';
import { parseNewVehicle, parseTransfer } from './vehicle.input.js';
import { VehiclesService } from './vehicles.service.js';

/** Each handler is one transaction: what it answers leaves after the commit. */
@Controller('vehicles')
@Transactional()
export class VehiclesController {
  constructor(private readonly vehicles: VehiclesService) {}

  @Post()
  register(@Body() body: unknown) {
    return this.vehicles.register(parseNewVehicle(body));
  }

  @Get(':vin')
  @Transactional({ readOnly: true })
  find(@Param('vin') vin: string) {
    return this.vehicles.find(vin);
  }

  @Post(':vin/transfer')
  @HttpCode(200)
  transfer(@Param('vin') vin: string, @Body() body: unknown) {
    return this.vehicles.transfer(vin, parseTransfer(body));
  }
}
