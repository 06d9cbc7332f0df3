import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { Controller, Get } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { InjectQldb, Qldb } from '../../lib/nest/index.js';
import { startApp, type TestApp } from './app.js';

const STATEMENT = 'SELECT * FROM Big';
const PAGES = 200;
const row = { text: 'x'.repeat(10_000) };

@Controller()
class Rows {
  constructor(@InjectQldb() private readonly qldb: Qldb) {}

  @Get()
  async *all(): AsyncGenerator<unknown> {
    yield* this.qldb.stream(STATEMENT);
  }
}

describe('rows streamed over HTTP', () => {
  let test: TestApp;
  const pages = () =>
    test.endpoint.log.filter((l) => l.endsWith('page')).length;

  beforeEach(async () => {
    test = await startApp({ controllers: [Rows] });
    const page = Array.from({ length: 10 }, () => row);
    test.endpoint.pages.set(
      STATEMENT,
      Array.from({ length: PAGES }, () => page),
    );
  });
  afterEach(() => test.app.close());

  const open = async (): Promise<IncomingMessage> => {
    const request = get(await test.app.getUrl());
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    return response;
  };

  it('leave as lines of JSON, and end after the commit', async () => {
    const text = await (await test.fetch('/')).text();
    const lines = text.trimEnd().split('\n');
    expect(lines).toHaveLength(PAGES * 10);
    expect(JSON.parse(lines[7] ?? '')).toEqual(row);
    expect(test.endpoint.log.at(-1)).toBe('commit 1');
  });

  it('wait for a client that does not read', async () => {
    const response = await open();
    response.pause();
    // As long as pages still come, the buffers on the way are not full.
    for (let before = -1; before !== pages();) {
      before = pages();
      for (let turn = 0; turn < 200; turn++)
        await new Promise((resolve) => setImmediate(resolve));
    }
    expect(pages()).toBeLessThan(PAGES - 1);
    expect(test.endpoint.log).not.toContain('commit 1');
    for await (const _ of response);
    expect(pages()).toBe(PAGES - 1);
    expect(test.endpoint.log.at(-1)).toBe('commit 1');
  });

  it('are aborted when the client goes away', async () => {
    const aborted = new Promise<void>((resolve) => {
      test.endpoint.before = (request) => {
        if (request.AbortTransaction) resolve();
      };
    });
    const response = await open();
    response.once('error', () => undefined);
    await once(response, 'readable');
    response.destroy();
    await aborted;
    expect(pages()).toBeLessThan(PAGES - 1);
    await test.app.close();
    expect(test.endpoint.log.at(-1)).toBe('abort 1');
    expect(test.endpoint.open).toBe(0);
  });
});
