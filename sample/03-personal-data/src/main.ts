import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { AppModule } from './app.module.js';

const app = await NestFactory.create(AppModule, {
  logger: ['log', 'warn', 'error', 'fatal'],
});
// Without these hooks, Ctrl-C would leave the ledger to its crash recovery.
app.enableShutdownHooks();
await app.listen(Number(process.env.PORT ?? 3000), '127.0.0.1');
const url = (await app.getUrl()).replace('[::1]', '127.0.0.1');
console.log(`Personal data is ready at ${url}`);
