// Prints how long a Nest application takes to start, from the first import on.
const started = performance.now();
const [kind, folder] = process.argv.slice(2);
await import('reflect-metadata');
const { Module } = await import('@nestjs/common');
const { NestFactory } = await import('@nestjs/core');
const imports = [];
if (kind === 'ledger') {
  const { QldbModule } = await import('../dist/index.js');
  imports.push(
    QldbModule.forRoot({ ledgerName: 'boot', store: `file:${folder}` }),
  );
}
class App {}
Module({ imports })(App);
const app = await NestFactory.create(App, { logger: false });
await app.listen(0, '127.0.0.1');
process.stdout.write(String(performance.now() - started));
await app.close();
