import {
  QLDBSession,
  QLDBSessionClient,
  OccConflictException as SdkOccConflictException,
} from '@aws-sdk/client-qldb-session';
import { describe, expect, it, vi } from 'vitest';
import {
  CommitOutcomeUnknownError,
  EndpointConfigurationError,
  PooledQldbDriver,
} from '../../lib/driver/index.js';
import {
  BadRequestException,
  CapacityExceededException,
  InvalidSessionException,
  OccConflictException,
  QldbSessionException,
} from '../../lib/session/exceptions.js';
import { FakeService } from './fake-service.js';
import { HttpService } from './http-service.js';
import { errorOf } from './support.js';

const credentials = { accessKeyId: 'key', secretAccessKey: 'secret' };
const base = {
  ledgerName: 'l',
  region: 'eu-central-1',
  credentials,
  retry: { backoff: () => 0 },
};

describe('the AWS SDK', () => {
  it('S10, N22, S8: carries every command; its user agent is added to, not overwritten', async () => {
    const service = new FakeService({ respond: () => [[1, 2], [3]] });
    await using http = await HttpService.start(service);
    const driver = new PooledQldbDriver({
      ...base,
      endpoint: http.url,
      clientConfig: { customUserAgent: 'my-app/7' },
    });
    expect(
      await driver.executeLambda((txn) => txn.execute('SELECT ?', 1)),
    ).toEqual([1, 2, 3]);
    await driver.close();
    expect(service.commands).toEqual([
      'StartSession',
      'StartTransaction',
      'ExecuteStatement',
      'FetchPage',
      'CommitTransaction',
      'EndSession',
    ]);
    expect(http.requests).toHaveLength(6);
    expect(http.requests[0]).toMatchObject({
      'x-amz-target': 'QLDBSession.SendCommand',
      'user-agent': expect.stringMatching(
        /my-app\/7.*nestjs-qldb\/\d/,
      ) as string,
    });
  });

  it('S34: the session is named by the request id of its start', async () => {
    await using http = await HttpService.start(new FakeService());
    const driver = new PooledQldbDriver({
      ...base,
      endpoint: new URL(http.url),
    });
    await using session = await driver.getSession();
    expect(session.sessionId).toBe('request-1');
    await session.close();
    await driver.close();
  });

  for (const [name, Exception] of Object.entries({
    BadRequestException,
    InvalidSessionException,
    OccConflictException,
    CapacityExceededException,
  })) {
    it(`S79, S80: ${name} arrives as what it is, with its code`, async () => {
      await using http = await HttpService.start(new FakeService());
      const driver = new PooledQldbDriver({
        ...base,
        endpoint: http.url,
        retryLimit: 0,
      });
      const status = Exception === CapacityExceededException ? 503 : 400;
      http.canned.push({
        command: 'ExecuteStatement',
        status,
        body: JSON.stringify({
          __type: `com.amazonaws.qldb.session#${name}`,
          Message: 'the text',
          Code: '412',
        }),
      });
      const error = await errorOf(
        driver.executeLambda((txn) => txn.execute('SELECT 1')),
      );
      expect(error).toBeInstanceOf(Exception);
      expect(error).toMatchObject({
        Code: '412',
        name,
        message: 'the text',
        $metadata: {
          httpStatusCode: status,
          requestId: expect.any(String) as string,
        },
      });
      await driver.close();
    });
  }

  it('B20: an error that the model does not know keeps its name, and is not retried', async () => {
    await using http = await HttpService.start(new FakeService());
    const driver = new PooledQldbDriver({ ...base, endpoint: http.url });
    http.canned.push({
      command: 'StartSession',
      status: 403,
      body: JSON.stringify({ __type: 'AccessDeniedException', Message: 'no' }),
    });
    const error = await errorOf(driver.executeLambda(() => 1));
    expect(error).toBeInstanceOf(QldbSessionException);
    expect(error).toMatchObject({
      name: 'AccessDeniedException',
      $metadata: { httpStatusCode: 403 },
    });
    expect(http.requests).toHaveLength(1);
    await driver.close();
  });

  it('S8: the retries of the SDK are off: the driver alone retries', async () => {
    const service = new FakeService();
    await using http = await HttpService.start(service);
    const driver = new PooledQldbDriver({
      ...base,
      endpoint: http.url,
      retryLimit: 0,
      clientConfig: { maxAttempts: 5 },
    });
    http.canned.push({
      command: 'ExecuteStatement',
      status: 500,
      body: '{"__type":"InternalFailure"}',
    });
    expect(
      await errorOf(driver.executeLambda((txn) => txn.execute('SELECT 1'))),
    ).toMatchObject({ $metadata: { httpStatusCode: 500 } });
    expect(http.requests).toHaveLength(4);
    await driver.close();
  });

  for (const [name, answer] of [
    [
      '502 with a page of HTML',
      {
        status: 502,
        body: '<html>Bad gateway</html>',
        headers: { 'content-type': 'text/html' },
      },
    ],
    ['504 with nothing', { status: 504, body: '' }],
  ] as const) {
    it(`B19: ${name} is retried before the commit, and leaves its outcome open at the commit`, async () => {
      const service = new FakeService();
      await using http = await HttpService.start(service);
      const driver = new PooledQldbDriver({ ...base, endpoint: http.url });
      http.canned.push({ command: 'ExecuteStatement', ...answer });
      expect(
        await driver.executeLambda((txn) => txn.execute('SELECT ?', 1)),
      ).toEqual([1]);
      http.canned.push({
        command: 'CommitTransaction',
        carryOut: true,
        ...answer,
      });
      expect(
        await errorOf(
          driver.executeLambda((txn) => txn.execute('SELECT ?', 1)),
        ),
      ).toBeInstanceOf(CommitOutcomeUnknownError);
      expect(service.committed).toHaveLength(2);
      await driver.close();
    });
  }

  it('case 14: a commit answered by success that cannot be read has an unknown outcome', async () => {
    const service = new FakeService();
    await using http = await HttpService.start(service);
    const driver = new PooledQldbDriver({ ...base, endpoint: http.url });
    http.canned.push({
      command: 'CommitTransaction',
      carryOut: true,
      status: 200,
      body: '{"CommitTransaction":{"Tra',
    });
    expect(await errorOf(driver.executeLambda(() => 1))).toBeInstanceOf(
      CommitOutcomeUnknownError,
    );
    expect(service.committed).toHaveLength(1);
    await driver.close();
  });

  it('B18, case 15: a connection that is refused is retried', async () => {
    let port = '';
    {
      await using http = await HttpService.start(new FakeService());
      port = http.url;
    }
    const driver = new PooledQldbDriver({ ...base, endpoint: port });
    const attempts: number[] = [];
    expect(
      await errorOf(
        driver.executeLambda(() => 1, {
          retry: 2,
          onRetry: (attempt, { kind }) => (
            expect(kind).toBe('transport'),
            void attempts.push(attempt)
          ),
        }),
      ),
    ).toMatchObject({ code: 'ECONNREFUSED' });
    expect(attempts).toEqual([1, 2]);
    await driver.close();
  });

  it('B20: missing credentials are told at once, by name, with what to do', async () => {
    await using http = await HttpService.start(new FakeService());
    const driver = new PooledQldbDriver({
      ...base,
      endpoint: http.url,
      credentials: () =>
        Promise.reject(
          Object.assign(new Error('none'), {
            name: 'CredentialsProviderError',
          }),
        ),
    });
    expect(await errorOf(driver.executeLambda(() => 1))).toBeInstanceOf(
      EndpointConfigurationError,
    );
    expect(http.requests).toHaveLength(0);
    await driver.close();
  });

  it('case 34: an aborted call leaves its socket', async () => {
    let heard: (() => void) | undefined;
    const service = new FakeService({
      latency: (command) =>
        command === 'ExecuteStatement'
          ? new Promise<void>((resolve) => void (heard = resolve))
          : undefined,
    });
    await using http = await HttpService.start(service);
    const driver = new PooledQldbDriver({ ...base, endpoint: http.url });
    const controller = new AbortController();
    const failing = errorOf(
      driver.executeLambda((txn) => txn.execute('SELECT 1'), {
        signal: controller.signal,
      }),
    );
    while (!heard) await new Promise((resolve) => setImmediate(resolve));
    controller.abort(new Error('enough'));
    heard();
    expect(await failing).toMatchObject({ message: 'enough' });
    expect(driver.pool.inUse).toBe(0);
    await driver.close();
    expect(service.sessions.size).toBe(0);
  });

  it('a request that is refused for its date is sent once more, by the clock of the service', async () => {
    const service = new FakeService();
    await using http = await HttpService.start(service);
    const driver = new PooledQldbDriver({ ...base, endpoint: http.url });
    const serviceTime = new Date(Date.now() + 3 * 3_600_000);
    const refusal = {
      command: 'CommitTransaction',
      status: 403,
      body: '{"__type":"InvalidSignatureException","Message":"expired"}',
      headers: { date: serviceTime.toUTCString() },
    } as const;
    http.canned.push(refusal);
    await driver.executeLambda(() => 1);
    expect(service.committed).toHaveLength(1);
    const dates = http.requests.map((headers) =>
      String(headers['x-amz-date']).slice(0, 11),
    );
    const day = (time: Date) =>
      time.toISOString().replace(/[-:]/g, '').slice(0, 11);
    expect(dates.slice(0, 3)).toEqual(Array(3).fill(day(new Date())));
    expect(dates[3]).toBe(day(serviceTime));
    // A second refusal has another reason.
    http.canned.push(refusal);
    const before = http.requests.length;
    expect(await errorOf(driver.executeLambda(() => 1))).toMatchObject({
      name: 'InvalidSignatureException',
    });
    expect(
      http.requests
        .slice(before)
        .map((headers) => String(headers['x-amz-date']).slice(0, 11)),
    ).toEqual(Array(3).fill(day(serviceTime)));
    await driver.close();
  });

  it('B20: a commit that cannot be signed was not sent: its outcome is known', async () => {
    const service = new FakeService();
    await using http = await HttpService.start(service);
    let broken = false;
    const driver = new PooledQldbDriver({
      ...base,
      endpoint: http.url,
      credentials: () =>
        broken
          ? Promise.reject(new Error('the vault is sealed'))
          : // So old that the SDK asks again for each request.
            Promise.resolve({ ...credentials, expiration: new Date(0) }),
    });
    const error = await errorOf(
      driver.executeLambda(() => {
        broken = true;
      }),
    );
    expect(error).toBeInstanceOf(EndpointConfigurationError);
    expect(service.committed).toHaveLength(0);
    broken = false;
    await driver.executeLambda(() => 1);
    expect(service.committed).toHaveLength(1);
    await driver.close();
  });

  it('commands that are refused for their date together are all sent once more', async () => {
    const service = new FakeService();
    await using http = await HttpService.start(service);
    const { requestHandler } = new QLDBSessionClient(base).config;
    const serviceTime = Date.now() - 3 * 3_600_000;
    let refused = 0;
    const waiting: (() => void)[] = [];
    const driver = new PooledQldbDriver({
      ...base,
      endpoint: http.url,
      retryLimit: 0,
      clientConfig: {
        requestHandler: {
          handle: async (
            request: { headers: Record<string, string> },
            options: object,
          ) => {
            const signed = String(request.headers['x-amz-date']);
            const now = new Date(serviceTime).toISOString();
            if (signed.slice(9, 11) === now.slice(11, 13))
              return requestHandler.handle(request, options);
            // All of them are under way before the first one is answered.
            if (++refused === 4) waiting.splice(0).forEach((go) => go());
            else await new Promise<void>((resolve) => waiting.push(resolve));
            return {
              response: {
                statusCode: 403,
                headers: { date: new Date(serviceTime).toUTCString() },
                body: Buffer.from('{"__type":"RequestTimeTooSkewed"}'),
              } as never,
            };
          },
        },
      },
    });
    await Promise.all([1, 2, 3, 4].map((n) => driver.executeLambda(() => n)));
    expect(refused).toBe(4);
    expect(service.committed).toHaveLength(4);
    await driver.close();
  });

  it('B20: a redirect carries nothing out, and is no answer', async () => {
    const service = new FakeService();
    await using http = await HttpService.start(service);
    const driver = new PooledQldbDriver({ ...base, endpoint: http.url });
    http.canned.push({
      command: 'ExecuteStatement',
      status: 307,
      body: '{"message":"moved"}',
      headers: { location: 'http://elsewhere.test/' },
    });
    expect(
      await errorOf(driver.executeLambda((txn) => txn.execute('SELECT 1'))),
    ).toBeInstanceOf(EndpointConfigurationError);
    expect(service.committed).toHaveLength(0);
    await driver.close();
  });

  it('what was missing when the first command came may be there for the second', async () => {
    await using http = await HttpService.start(new FakeService());
    let asked = 0;
    let destroyed = 0;
    const { requestHandler } = new QLDBSessionClient(base).config;
    requestHandler.destroy = () => void destroyed++;
    const driver = new PooledQldbDriver({
      ledgerName: 'l',
      credentials,
      endpoint: http.url,
      clientConfig: {
        requestHandler,
        region: async () => {
          if (asked++ === 0) throw new Error('no answer');
          return 'eu-central-1';
        },
      },
    });
    expect(await errorOf(driver.executeLambda(() => 1))).toBeInstanceOf(
      EndpointConfigurationError,
    );
    // The handler is the application's: others may use it, too.
    expect(destroyed).toBe(0);
    expect(await driver.executeLambda(() => 1)).toBe(1);
    await driver.close();
  });

  it('B20: the name of an error may stand in a header, and its body may say nothing', async () => {
    await using http = await HttpService.start(new FakeService());
    const driver = new PooledQldbDriver({ ...base, endpoint: http.url });
    http.canned.push({
      command: 'StartTransaction',
      status: 400,
      body: 'null',
      headers: { 'x-amzn-ErrorType': 'ThrottlingException:http://x.test/' },
    });
    expect(await errorOf(driver.executeLambda(() => 1))).toMatchObject({
      name: 'ThrottlingException',
      message: "The reply's status is 400.",
    });
    await driver.close();
  });

  it('the trace of the call in which the client was made does not go with later ones', async () => {
    vi.stubEnv('AWS_LAMBDA_FUNCTION_NAME', 'f');
    vi.stubEnv('_X_AMZN_TRACE_ID', 'Root=1-2-3');
    try {
      await using http = await HttpService.start(new FakeService());
      const driver = new PooledQldbDriver({ ...base, endpoint: http.url });
      await driver.executeLambda(() => 1);
      expect(http.requests[0]).not.toHaveProperty('x-amzn-trace-id');
      await driver.close();
    } finally {
      vi.unstubAllEnvs();
    }
  });

  it('N30, B6: the client that the driver made is destroyed with it', async () => {
    await using http = await HttpService.start(new FakeService());
    const driver = new PooledQldbDriver({ ...base, endpoint: http.url });
    await driver.executeLambda(() => 1);
    expect(await http.connections()).toBe(1);
    await driver.close();
    while ((await http.connections()) > 0)
      await new Promise((resolve) => setImmediate(resolve));
  });
});

describe('a ready client', () => {
  it('S9, N23, B23: is used as it is, and survives the driver', async () => {
    const service = new FakeService();
    await using http = await HttpService.start(service);
    const client = new QLDBSessionClient({
      ...base,
      endpoint: http.url,
      maxAttempts: 1,
    });
    const { requestHandler, maxAttempts, region, customUserAgent } =
      client.config;
    for (let round = 0; round < 2; round++) {
      const driver = new PooledQldbDriver({
        ledgerName: 'l',
        endpoint: client,
        poolLimit: 200,
      });
      expect(
        await driver.executeLambda((txn) => txn.execute('SELECT ?', 1)),
      ).toEqual([1]);
      await driver.close();
    }
    expect(client.config).toMatchObject({
      requestHandler,
      maxAttempts,
      region,
    });
    expect(client.config.customUserAgent).toBe(customUserAgent);
    expect(http.requests[0]?.['user-agent']).not.toContain('nestjs-qldb');
    client.destroy();
  });

  it('the aggregated client, which has a method sendCommand of its own', async () => {
    await using http = await HttpService.start(new FakeService());
    const client = new QLDBSession({ ...base, endpoint: http.url });
    const driver = new PooledQldbDriver({ ledgerName: 'l', endpoint: client });
    expect(
      await driver.executeLambda((txn) => txn.execute('SELECT ?', 1)),
    ).toEqual([1]);
    await driver.close();
    client.destroy();
  });

  it('B17, B46: errors are told by name, whatever copy of the SDK made them, and whatever they lack', async () => {
    for (const thrown of [
      Object.assign(new Error('OCC'), {
        name: 'OccConflictException',
        $fault: 'client',
        $metadata: { httpStatusCode: 400 },
      }),
      Object.assign(new Error('OCC'), {
        name: 'OccConflictException',
        $fault: 'client',
      }),
      new SdkOccConflictException({ message: 'OCC', $metadata: {} }),
    ]) {
      const client = new QLDBSessionClient(base);
      client.send = () => Promise.reject(thrown);
      const driver = new PooledQldbDriver({
        ledgerName: 'l',
        endpoint: client,
        retryLimit: 0,
      });
      const error = await errorOf(driver.executeLambda(() => 1));
      expect(error).toBeInstanceOf(OccConflictException);
      expect(error).toBeInstanceOf(SdkOccConflictException);
      expect((error as Error).cause).toBe(thrown);
      await driver.close();
    }
  });
});
