import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createQldbServer, type QldbServer } from '../../lib/server/index.js';
import { CREDENTIALS, exchange, raw, RawClient, signed } from './raw-client.js';
import { ScriptedEndpoint } from './scripted-endpoint.js';

const START = '{"StartSession":{"LedgerName":"vehicles"}}';
const MAX_BODY = 10_000;
const MINUTE = 60_000;

let vehicles: ScriptedEndpoint;
let failures: unknown[];
let server: QldbServer;
const sockets: RawClient[] = [];

beforeEach(async () => {
  vehicles = new ScriptedEndpoint();
  failures = [];
  server = await createQldbServer({
    ledgers: { vehicles },
    credentials: [CREDENTIALS],
    maxBodyBytes: MAX_BODY,
    maxRequestMemory: 32 * MAX_BODY,
    gracePeriod: 100,
    onError: (error) => failures.push(error),
  });
});

/** After whatever was sent, the server answers, and nothing went wrong inside. */
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.end();
  const { status } = await exchange(server.url, signed({ body: START }));
  expect(status).toBe(200);
  expect(failures).toEqual([]);
  await server.close();
});

function open(): RawClient {
  const socket = new RawClient(server.url);
  sockets.push(socket);
  return socket;
}

const send = (request: Parameters<typeof signed>[0]) =>
  exchange(server.url, signed(request));

/** What a refusal looks like. Every one of them tells its type twice and has an id. */
async function refusal(answer: ReturnType<typeof exchange>) {
  const { status, headers, json, text } = await answer;
  const type = headers['x-amzn-errortype'];
  expect(json['__type']).toBe(`com.amazonaws.qldbsession#${type}`);
  expect(json['Message']).toMatch(/\S/);
  expect(headers['x-amzn-requestid']).toMatch(/^[0-9A-Za-z]{22}$/);
  expect(headers['content-type']).toBe('application/x-amz-json-1.0');
  expect(text).not.toMatch(/\bat .*:\d+:\d+|node:|\.[jt]s\b/);
  return [status, type];
}

describe('signatures', () => {
  it('that hold are taken', async () => {
    const { status, json } = await send({ body: START });
    expect(status).toBe(200);
    expect(json).toHaveProperty('StartSession.SessionToken');
  });

  it('may cover headers that the SDK does not sign itself', async () => {
    const { status } = await send({
      body: START,
      headers: {
        'user-agent': 'aws-sdk-x/1.0  two   spaces',
        'x-amzn-trace-id': 'a',
      },
    });
    expect(status).toBe(200);
  });

  it.each([
    [
      'other bytes in the body',
      { body: START.replace('vehicles', 'vehicleS') },
    ],
    ['another header', { headers: { 'x-amz-target': 'QLDBSession.Other' } }],
  ])('do not hold for %s', async (_, change) => {
    const original = signed({ body: START }).toString();
    const changed = signed({ body: START, ...change })
      .toString()
      .replace(/Signature=\w+/, /Signature=\w+/.exec(original)?.[0] as string);
    expect(changed).not.toBe(original);
    expect(await refusal(exchange(server.url, changed))).toEqual([
      403,
      'InvalidSignatureException',
    ]);
  });

  it('do not hold for a body other than the one that was signed, whatever x-amz-content-sha256 says', async () => {
    for (const payloadHash of ['UNSIGNED-PAYLOAD', 'e'.repeat(64), ''])
      expect(
        await refusal(
          send({
            body: START,
            payloadHash,
            headers: { 'x-amz-content-sha256': payloadHash },
          }),
        ),
      ).toEqual([403, 'InvalidSignatureException']);
  });

  it.each([
    [
      'by another secret',
      { credentials: { ...CREDENTIALS, secretAccessKey: 'x' } },
      'InvalidSignatureException',
    ],
    [
      'by an unknown key',
      { credentials: { accessKeyId: 'AKIDNO', secretAccessKey: 'x' } },
      'UnrecognizedClientException',
    ],
    [
      'by a key with the name of a built-in',
      { credentials: { accessKeyId: '__proto__', secretAccessKey: 'x' } },
      'UnrecognizedClientException',
    ],
    [
      'for another service',
      { service: 'dynamodb' },
      'InvalidSignatureException',
    ],
    [
      '6 minutes ago',
      { date: new Date(Date.now() - 6 * MINUTE) },
      'InvalidSignatureException',
    ],
    [
      '6 minutes ahead',
      { date: new Date(Date.now() + 6 * MINUTE) },
      'InvalidSignatureException',
    ],
    ['without the host', { unsigned: ['host'] }, 'InvalidSignatureException'],
    [
      'without the date',
      { unsigned: ['x-amz-date'] },
      'InvalidSignatureException',
    ],
    [
      'with an ill-formed date',
      { headers: { 'x-amz-date': 'yesterday' } },
      'IncompleteSignatureException',
    ],
    [
      'with a security token that the key has not',
      { headers: { 'x-amz-security-token': 'x' } },
      'UnrecognizedClientException',
    ],
  ])('made %s are refused', async (_, request, type) => {
    expect(await refusal(send({ body: START, ...request }))).toEqual([
      403,
      type,
    ]);
  });

  it('that are old say how old', async () => {
    const { json } = await send({
      body: START,
      date: new Date(Date.now() - 60 * MINUTE),
    });
    expect(json['Message']).toMatch(
      /^Signature expired: \d{8}T\d{6}Z is now earlier than \d{8}T\d{6}Z \(\d{8}T\d{6}Z - 5 min\.\)$/,
    );
  });

  it('for another service say for which they should be', async () => {
    const { json } = await send({ body: START, service: 'dynamodb' });
    expect(json['Message']).toContain("correct service: 'qldb'");
  });

  it('of another day than their scope are refused', async () => {
    const text = signed({ body: START }).toString();
    const shifted = text.replace(/(Credential=AKIDTEST\/)\d{8}/, '$120200101');
    expect(await refusal(exchange(server.url, shifted))).toEqual([
      403,
      'InvalidSignatureException',
    ]);
  });

  it('are needed', async () => {
    const headers = { host: 'x', 'content-length': String(START.length) };
    const request = (authorization?: string) =>
      exchange(
        server.url,
        raw('POST', '/', START, {
          ...headers,
          ...(authorization === undefined ? {} : { authorization }),
        }),
      );
    expect(await refusal(request())).toEqual([
      403,
      'MissingAuthenticationTokenException',
    ]);
    for (const authorization of [
      'Bearer abc',
      'AWS4-HMAC-SHA256',
      'AWS4-HMAC-SHA256 Credential=a/b/c/d/aws4_request, SignedHeaders=host, Signature=zz',
      `AWS4-HMAC-SHA256 ${'Credential=a/'.repeat(500)}`,
      `AWS4-HMAC-SHA256${' '.repeat(5000)}x`,
    ])
      expect(await refusal(request(authorization))).toEqual([
        403,
        'IncompleteSignatureException',
      ]);
    expect(
      await refusal(
        request(
          `AWS4-HMAC-SHA256 Credential=AKIDTEST/20200101/eu/qldb/aws4_request, SignedHeaders=__proto__;host, Signature=${'0'.repeat(64)}`,
        ),
      ),
    ).toEqual([403, 'InvalidSignatureException']);
  });

  it('are checked before the body is read: a stranger gets an answer at once', async () => {
    const socket = open().send(
      raw('POST', '/', '', { host: 'x', 'content-length': '9999' }),
    );
    expect((await socket.response()).status).toBe(403);
    expect(vehicles.requests).toEqual([]);
  });

  it('may be bound to one region', async () => {
    const bound = await createQldbServer({
      ledgers: { vehicles },
      credentials: [CREDENTIALS],
      region: 'eu-central-1',
    });
    const from = async (region: string) =>
      (await exchange(bound.url, signed({ body: START, region }))).status;
    expect([await from('eu-central-1'), await from('us-east-1')]).toEqual([
      200, 403,
    ]);
    await bound.close();
  });
});

describe('bodies', () => {
  const serialization = [400, 'SerializationException'];
  const badRequest = [400, 'BadRequestException'];

  it.each([
    ['nothing', '', serialization],
    ['no JSON', '{"StartSession":', serialization],
    [
      'no JSON, with a token in it',
      '{"SessionToken":"s3cret" oops}',
      serialization,
    ],
    [
      'no UTF-8',
      Buffer.from(START.replace('{', '{"\xff":1,'), 'latin1'),
      serialization,
    ],
    ['a list', '[]', serialization],
    ['null', 'null', serialization],
    ['a number', '7', serialization],
    ['a command that is text', '{"StartSession":"vehicles"}', serialization],
    [
      'a name that is a number',
      '{"StartSession":{"LedgerName":7}}',
      serialization,
    ],
    [
      'a token that is a list',
      '{"StartTransaction":{},"SessionToken":["a"]}',
      serialization,
    ],
    [
      'parameters that are no list',
      '{"SessionToken":"abcd","ExecuteStatement":{"Parameters":{}}}',
      serialization,
    ],
    [
      'a parameter that is text',
      '{"SessionToken":"abcd","ExecuteStatement":{"Parameters":["x"]}}',
      serialization,
    ],
    [
      'a blob that is no base64',
      '{"SessionToken":"abcd","CommitTransaction":{"CommitDigest":"***"}}',
      serialization,
    ],
    ['nesting without end', '['.repeat(9000), serialization],
    [
      'deep nesting behind quotes',
      `{"a\\\\":"[\\"","b":${'['.repeat(20)}${']'.repeat(20)}}`,
      serialization,
    ],
    ['no command', '{}', badRequest],
    ['an unknown command', '{"DropLedger":{}}', badRequest],
    ['commands that are null', '{"StartSession":null}', badRequest],
    [
      'two commands',
      '{"StartSession":{"LedgerName":"vehicles"},"EndSession":{}}',
      badRequest,
    ],
    [
      'a built-in for a command',
      '{"__proto__":{"StartSession":{"LedgerName":"vehicles"}}}',
      badRequest,
    ],
    ['no ledger name', '{"StartSession":{}}', badRequest],
    ['no session token', '{"StartTransaction":{}}', badRequest],
  ])('of %s are refused', async (_, body, expected) => {
    const answer = send({ body });
    expect(await refusal(answer)).toEqual(expected);
    expect((await answer).text).not.toContain('s3cret');
    expect(vehicles.requests).toEqual([]);
  });

  it('may hold brackets, quotes and members that nobody knows', async () => {
    const body = `{"Extra":"${'[{'.repeat(50)}\\"","StartSession":{"LedgerName":"vehicles","More":[]}}`;
    expect((await send({ body })).status).toBe(200);
  });

  it('that are as large as allowed are read; one byte more is too large', async () => {
    const padded = (length: number) => START.padEnd(length);
    expect((await send({ body: padded(MAX_BODY) })).status).toBe(200);
    expect(await refusal(send({ body: padded(MAX_BODY + 1) }))).toEqual([
      413,
      'RequestEntityTooLargeException',
    ]);
  });

  it('that are too large do not cost the connection', async () => {
    const socket = open();
    socket.send(signed({ body: Buffer.alloc(3_000_000, ' ') }));
    expect((await socket.response()).status).toBe(413);
    socket.send(signed({ body: START }));
    expect((await socket.response()).status).toBe(200);
  });

  it('that come in chunks are bounded too', async () => {
    const head = signed({
      body: '',
      headers: { 'transfer-encoding': 'chunked' },
      unsigned: ['transfer-encoding', 'content-length'],
    })
      .toString()
      .replace(/content-length: 0\r\n/, '');
    const socket = open().send(head);
    const chunk = `1000\r\n${' '.repeat(0x1000)}\r\n`;
    socket.send(chunk.repeat(4));
    expect((await socket.response()).status).toBe(413);
    socket.send('0\r\n\r\n').send(signed({ body: START }));
    expect((await socket.response()).status).toBe(200);
  });

  it('that come byte by byte are read', async () => {
    const socket = open();
    for (const byte of signed({ body: START })) {
      socket.send(Buffer.of(byte));
      if (byte === 0x0a) await new Promise(setImmediate);
    }
    expect((await socket.response()).status).toBe(200);
  });

  it('that never come whole are dropped with their connection', async () => {
    const whole = signed({ body: START });
    for (const length of [
      1,
      40,
      whole.length - START.length,
      whole.length - 1,
    ]) {
      const socket = open().send(whole.subarray(0, length));
      socket.socket.end();
      await socket.closed();
    }
    expect(vehicles.requests).toEqual([]);
  });

  it('that never come at all are given up after the time-out', async () => {
    const impatient = await createQldbServer({
      ledgers: { vehicles },
      credentials: [CREDENTIALS],
      requestTimeout: 50,
    });
    const whole = signed({ body: START });
    for (const length of [0, 30, whole.length - 1]) {
      const socket = new RawClient(impatient.url).send(
        whole.subarray(0, length),
      );
      expect((await socket.response()).status).toBe(408);
      await socket.closed();
    }
    await impatient.close();
    expect(vehicles.requests).toEqual([]);
  });

  it('are refused when all of them together are too many, until there is room again', async () => {
    const body = Buffer.alloc(MAX_BODY, ' ');
    const partial = signed({ body }).subarray(0, -1);
    const waiting = Array.from({ length: 40 }, () => open().send(partial));
    const status = await Promise.race(
      waiting.map((socket) => socket.response()),
    );
    expect(status).toMatchObject({
      status: 503,
      headers: { 'x-amzn-errortype': 'CapacityExceededException' },
    });
    for (const socket of waiting) socket.end();
    await expect
      .poll(async () => (await send({ body: START.padEnd(MAX_BODY) })).status)
      .toBe(200);
  });
});

describe('requests', () => {
  it.each([
    [
      'another operation',
      { headers: { 'x-amz-target': 'QLDBSession.DropLedger' } },
      404,
      'UnknownOperationException',
    ],
    [
      'another service',
      { headers: { 'x-amz-target': 'DynamoDB_20120810.ListTables' } },
      404,
      'UnknownOperationException',
    ],
    ['another path', { path: '/ledgers' }, 404, 'UnknownOperationException'],
    ['another method', { method: 'GET' }, 404, 'UnknownOperationException'],
    [
      'another content type',
      { headers: { 'content-type': 'text/plain' } },
      415,
      'UnsupportedMediaTypeException',
    ],
  ])('for %s are refused', async (_, request, status, type) => {
    expect(await refusal(send({ body: START, ...request }))).toEqual([
      status,
      type,
    ]);
    expect(vehicles.requests).toEqual([]);
  });

  it('without a target are refused', async () => {
    const text = signed({ body: START, unsigned: ['x-amz-target'] }).toString();
    expect(
      await refusal(
        exchange(server.url, text.replace(/x-amz-target: .*\r\n/, '')),
      ),
    ).toEqual([404, 'UnknownOperationException']);
  });

  it('may name a character set', async () => {
    const headers = {
      'content-type': 'application/x-amz-json-1.0; charset=utf-8',
    };
    expect((await send({ body: START, headers })).status).toBe(200);
  });

  it.each([
    ['that is no HTTP', 'hello\r\n\r\n', 400],
    ['of TLS', Buffer.from([0x16, 0x03, 0x01, 0x02, 0x00, 0x01]), 400],
    ['without a host', 'POST / HTTP/1.1\r\n\r\n', 400],
    [
      'with a header without end',
      `POST / HTTP/1.1\r\nhost: x\r\na: ${'x'.repeat(20_000)}\r\n\r\n`,
      431,
    ],
    [
      'with two lengths',
      'POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n',
      400,
    ],
    [
      'with a length and chunks',
      'POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n',
      400,
    ],
  ])('%s are refused by status alone', async (_, bytes, status) => {
    const socket = open().send(bytes);
    expect(await socket.response()).toMatchObject({ status, text: '' });
    await socket.closed();
  });

  it('on one connection are answered in turn, good or bad', async () => {
    const socket = open();
    const bad = signed({ body: '{}' });
    const good = signed({ body: START });
    socket.send(Buffer.concat([good, bad, good, bad, good]));
    const statuses: number[] = [];
    for (let n = 0; n < 5; n++) statuses.push((await socket.response()).status);
    expect(statuses).toEqual([200, 400, 200, 400, 200]);
  });
});
