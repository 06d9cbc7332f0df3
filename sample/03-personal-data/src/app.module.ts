import { fileURLToPath } from 'node:url';
import { Module } from '@nestjs/common';
import { APP_FILTER, APP_INTERCEPTOR } from '@nestjs/core';
import {
  IonJsonInterceptor,
  QldbExceptionFilter,
  QldbModule,
} from 'nestjs-qldb';
import { PeopleModule } from './people/people.module.js';

/** The ledger's home, unless QLDB_STORE names another: `.qldb` in this sample's folder. */
const store = `file:${fileURLToPath(new URL('../.qldb', import.meta.url))}`;

@Module({
  imports: [
    QldbModule.forRoot({
      ledgerName: 'people',
      store: process.env.QLDB_STORE ?? store,
    }),
    PeopleModule,
  ],
  providers: [
    { provide: APP_INTERCEPTOR, useClass: IonJsonInterceptor },
    { provide: APP_FILTER, useClass: QldbExceptionFilter },
  ],
})
export class AppModule {}
