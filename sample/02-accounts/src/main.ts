import 'reflect-metadata';
import type { AddressInfo, Server } from 'node:net';
import { NestFactory } from '@nestjs/core';
import { type MicroserviceOptions, Transport } from '@nestjs/microservices';
import { AppModule } from './app.module.js';

const app = await NestFactory.create(AppModule, {
  logger: ['log', 'warn', 'error', 'fatal'],
  // Or a client that keeps sending over one connection would keep the application from ending.
  return503OnClosing: true,
});
const consumer = app.connectMicroservice<MicroserviceOptions>(
  {
    transport: Transport.TCP,
    options: { host: '127.0.0.1', port: Number(process.env.TCP_PORT ?? 3001) },
  },
  { inheritAppConfig: true },
);
// Without these hooks, Ctrl-C would leave the ledgers to their crash recovery.
app.enableShutdownHooks();
await app.startAllMicroservices();
await app.listen(Number(process.env.PORT ?? 3000), '127.0.0.1');

const url = (await app.getUrl()).replace('[::1]', '127.0.0.1');
const { port } = consumer.unwrap<Server>().address() as AddressInfo;
console.log(`Transfers over TCP at 127.0.0.1:${port}`);
console.log(`Accounts is ready at ${url} - try: curl ${url}/accounts`);
