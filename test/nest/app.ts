import type { INestApplication, Type } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import type { ModuleMetadata } from '@nestjs/common';
import { QldbModule } from '../../lib/nest/index.js';
import type { QldbModuleRootOptions } from '../../lib/nest/index.js';
import { ScriptedEndpoint } from './scripted-endpoint.js';

/** No delay between attempts, so that no test waits. */
export const RETRY = { limit: 4, backoff: () => 0 };

export interface TestApp {
  readonly app: INestApplication;
  readonly endpoint: ScriptedEndpoint;
  get<T>(token: Type<T>): T;
  fetch(path: string, init?: RequestInit): Promise<Response>;
}

/** A Nest application on a scripted ledger, listening on a free port of this machine. */
export async function startApp(
  metadata: ModuleMetadata,
  options: Partial<QldbModuleRootOptions> = {},
): Promise<TestApp> {
  const endpoint = new ScriptedEndpoint();
  const module = await Test.createTestingModule({
    ...metadata,
    imports: [
      QldbModule.forRoot({
        ledgerName: 'test',
        endpoint,
        retry: RETRY,
        ...options,
      }),
      ...(metadata.imports ?? []),
    ],
  }).compile();
  module.useLogger(false);
  const app = module.createNestApplication();
  await app.listen(0, '127.0.0.1');
  const url = await app.getUrl();
  return {
    app,
    endpoint,
    get: (token) => app.get(token, { strict: false }),
    fetch: (path, init) => fetch(new URL(path, url), init),
  };
}
