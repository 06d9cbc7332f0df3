import 'reflect-metadata';
import cluster from 'node:cluster';
import { NestFactory } from '@nestjs/core';
import { AppModule } from './app.module.js';

/** A ledger in a folder is one process's; one in a database has as many as are wanted. */
const processes = process.env.QLDB_STORE?.startsWith('postgres') ? 2 : 1;

if (cluster.isPrimary && processes > 1) startProcesses();
else await startApplication();

async function startApplication(): Promise<void> {
  const app = await NestFactory.create(AppModule, {
    logger: ['log', 'warn', 'error', 'fatal'],
  });
  // Without these hooks, Ctrl-C would leave the ledger to its crash recovery.
  app.enableShutdownHooks();
  await app.listen(Number(process.env.PORT ?? 3000), '127.0.0.1');
  const url = (await app.getUrl()).replace('[::1]', '127.0.0.1');
  console.log(
    `Vehicle registration is ready at ${url} (process ${process.pid}) - try: curl ${url}/vehicles/5YJ3NJ236F7899897`,
  );
}

/** Several processes behind one port; one that ends has another in its place. */
function startProcesses(): void {
  let isEnding = false;
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.on(signal, () => {
      isEnding = true;
      for (const worker of Object.values(cluster.workers ?? {}))
        worker?.process.kill(signal);
    });
  cluster.on('exit', () => {
    if (!isEnding) cluster.fork();
  });
  for (let n = 0; n < processes; n++) cluster.fork();
}
