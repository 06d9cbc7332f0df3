import { fileURLToPath } from 'node:url';
import { Logger, Module } from '@nestjs/common';
import { APP_FILTER, APP_INTERCEPTOR } from '@nestjs/core';
import {
  IonJsonInterceptor,
  QldbExceptionFilter,
  QldbModule,
} from 'nestjs-qldb';
import { LedgerController } from './ledger/ledger.controller.js';
import { RegistrationsController } from './registrations/registrations.controller.js';
import { RegistrationsService } from './registrations/registrations.service.js';
import { SeedService } from './seed/seed.service.js';
import { VehiclesController } from './vehicles/vehicles.controller.js';
import { VehiclesService } from './vehicles/vehicles.service.js';

/** The ledger's home, unless QLDB_STORE names another: `.qldb` in this sample's folder. */
const store = `file:${fileURLToPath(new URL('../.qldb', import.meta.url))}`;

const logger = new Logger('Ledger');

@Module({
  imports: [
    QldbModule.forRoot({
      ledgerName: 'vehicle-registration',
      store: process.env.QLDB_STORE ?? store,
      onRetry: (attempt, { kind }) =>
        logger.log(`Retry ${attempt} of a transaction: ${kind}`),
    }),
  ],
  controllers: [VehiclesController, RegistrationsController, LedgerController],
  providers: [
    VehiclesService,
    RegistrationsService,
    SeedService,
    { provide: APP_INTERCEPTOR, useClass: IonJsonInterceptor },
    { provide: APP_FILTER, useClass: QldbExceptionFilter },
  ],
})
export class AppModule {}
