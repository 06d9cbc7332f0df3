// What the Nest face costs: the start of an application with an embedded ledger
// beside one without, and a @Transactional() method beside plain executeLambda.
import 'reflect-metadata';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Inject, Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { getQldbToken, QldbModule, Transactional } from '../dist/index.js';

export const title = 'the cost of the Nest module';

export async function run() {
  return [await boot(), ...(await transactional())];
}

/** Whole processes, in turns; each prints the milliseconds until its application has started. */
async function boot() {
  const folder = mkdtempSync(join(tmpdir(), 'qldb-boot-'));
  const times = { bare: [], ledger: [] };
  try {
    for (let round = 0; round < 9; round++)
      for (const kind of ['bare', 'ledger'])
        times[kind].push(
          Number(
            execFileSync(
              process.execPath,
              [
                new URL('nest-boot.mjs', import.meta.url).pathname,
                kind,
                folder,
              ],
              { encoding: 'utf8' },
            ),
          ),
        );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return {
    name: 'start of a Nest application with an embedded ledger',
    ours: median(times.ledger),
    peer: median(times.bare),
    peerName: 'without',
    unit: 'ms',
    lessIsBetter: true,
  };
}

async function transactional() {
  class Service {
    constructor(qldb) {
      this.qldb = qldb;
    }
    async read() {
      return this.qldb.execute('SELECT * FROM T WHERE n = ?', 5);
    }
  }
  Injectable()(Service);
  Inject(getQldbToken())(Service, undefined, 0);
  decorate(Service, 'read', Transactional());
  class App {}
  Module({
    imports: [QldbModule.forRoot({ ledgerName: 'bench', store: 'memory:' })],
    providers: [Service],
  })(App);
  const app = await NestFactory.createApplicationContext(App, {
    logger: false,
  });
  const service = app.get(Service);
  const qldb = app.get(getQldbToken());
  await qldb.execute('CREATE TABLE T');
  await qldb.execute('CREATE INDEX ON T (n)');
  await qldb.execute(
    'INSERT INTO T ?',
    Array.from({ length: 100 }, (_, n) => ({ n })),
  );
  const plain = () =>
    qldb.driver.executeLambda((txn) =>
      txn.execute('SELECT * FROM T WHERE n = ?', 5),
    );
  const times = { ours: [], peer: [] };
  for (let round = 0; round < 21; round++)
    for (const [who, call] of [
      ['ours', () => service.read()],
      ['peer', plain],
    ]) {
      const started = performance.now();
      for (let n = 0; n < 500; n++) await call();
      times[who].push(((performance.now() - started) / 500) * 1000);
    }
  await app.close();
  return [
    {
      name: '@Transactional() method, one indexed read',
      ours: median(times.ours.slice(3)),
      peer: median(times.peer.slice(3)),
      peerName: 'executeLambda',
      unit: 'µs',
      lessIsBetter: true,
    },
  ];
}

function decorate(target, key, decorator) {
  const { prototype } = target;
  const descriptor = Object.getOwnPropertyDescriptor(prototype, key);
  const changed = decorator(prototype, key, descriptor) ?? descriptor;
  Object.defineProperty(prototype, key, changed);
}

function median(values) {
  return values.toSorted((a, b) => a - b)[values.length >> 1];
}
