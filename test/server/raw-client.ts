import { createHash, createHmac } from 'node:crypto';
import { connect, type Socket } from 'node:net';

export const CREDENTIALS = {
  accessKeyId: 'AKIDTEST',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
};

export interface RawRequest {
  readonly body?: string | Buffer;
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Record<string, string>;
  /** Headers that are left out of the signature. */
  readonly unsigned?: readonly string[];
  readonly credentials?: { accessKeyId: string; secretAccessKey: string };
  readonly date?: Date;
  readonly region?: string;
  readonly service?: string;
  /** What is signed as the body's hash. Default: its hash. */
  readonly payloadHash?: string;
}

const sha256 = (data: string | Buffer) =>
  createHash('sha256').update(data).digest('hex');
const hmac = (key: string | Buffer, data: string) =>
  createHmac('sha256', key).update(data).digest();

/**
 * A request as bytes, signed by the book of Signature Version 4, step by step,
 * so that the server's signer is checked against one that is not its own.
 */
export function signed({
  body = '',
  method = 'POST',
  path = '/',
  headers = {},
  unsigned = [],
  credentials = CREDENTIALS,
  date = new Date(),
  region = 'eu-central-1',
  service = 'qldb',
  payloadHash = sha256(body),
}: RawRequest): Buffer {
  const time = date.toISOString().replace(/[-:]|\.\d+/g, '');
  const day = time.slice(0, 8);
  const all: Record<string, string> = {
    host: 'localhost',
    'content-type': 'application/x-amz-json-1.0',
    'content-length': String(Buffer.byteLength(body)),
    'x-amz-date': time,
    'x-amz-target': 'QLDBSession.SendCommand',
    ...headers,
  };
  const names = Object.keys(all)
    .filter((name) => !unsigned.includes(name))
    .toSorted();
  const canonical = [
    method,
    path,
    '',
    ...names.map((name) => `${name}:${all[name]?.trim().replace(/ +/g, ' ')}`),
    '',
    names.join(';'),
    payloadHash,
  ].join('\n');
  const scope = `${day}/${region}/${service}/aws4_request`;
  const toSign = `AWS4-HMAC-SHA256\n${time}\n${scope}\n${sha256(canonical)}`;
  const key = [day, region, service, 'aws4_request'].reduce<string | Buffer>(
    hmac,
    `AWS4${credentials.secretAccessKey}`,
  );
  const signature = hmac(key, toSign).toString('hex');
  return raw(method, path, body, {
    ...all,
    authorization: `AWS4-HMAC-SHA256 Credential=${credentials.accessKeyId}/${scope}, SignedHeaders=${names.join(';')}, Signature=${signature}`,
  });
}

/** A request as bytes. */
export function raw(
  method: string,
  path: string,
  body: string | Buffer,
  headers: Record<string, string>,
): Buffer {
  const lines = Object.entries(headers).map(([name, v]) => `${name}: ${v}`);
  return Buffer.concat([
    Buffer.from(
      `${method} ${path} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`,
      'latin1',
    ),
    Buffer.from(body),
  ]);
}

export interface RawResponse {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly text: string;
  /** The body as JSON. */
  readonly json: Record<string, unknown>;
}

/** A socket to a server, which reads whole responses. */
export class RawClient {
  readonly socket: Socket;
  #received = Buffer.alloc(0);

  constructor(url: string) {
    this.socket = connect(Number(new URL(url).port), new URL(url).hostname);
    this.socket.on('error', () => {});
    this.socket.on('data', (chunk) => {
      this.#received = Buffer.concat([this.#received, chunk]);
    });
  }

  send(bytes: Buffer | string): this {
    this.socket.write(bytes);
    return this;
  }

  /** The next response, or what came before the server closed the connection. */
  async response(): Promise<RawResponse> {
    for (;;) {
      const end = this.#received.indexOf('\r\n\r\n');
      if (end !== -1) {
        const [status, ...lines] = this.#received
          .subarray(0, end)
          .toString('latin1')
          .split('\r\n');
        const headers = Object.fromEntries(
          lines.map((line) => {
            const colon = line.indexOf(':');
            return [
              line.slice(0, colon).toLowerCase(),
              line.slice(colon + 1).trim(),
            ];
          }),
        );
        const length = Number(headers['content-length'] ?? 0);
        const start = end + 4;
        if (this.#received.length >= start + length) {
          const text = this.#received
            .subarray(start, start + length)
            .toString();
          this.#received = this.#received.subarray(start + length);
          return {
            status: Number(status?.split(' ')[1]),
            headers,
            text,
            json: text === '' ? {} : JSON.parse(text),
          };
        }
      }
      if (this.socket.destroyed || this.socket.readableEnded)
        throw new Error(`Closed after ${this.#received.length} bytes`);
      await new Promise<void>((resolve) => {
        this.socket.once('data', () => resolve());
        this.socket.once('close', () => resolve());
      });
    }
  }

  /** Resolves when the server has closed the connection. */
  closed(): Promise<void> {
    if (this.socket.destroyed) return Promise.resolve();
    return new Promise((resolve) => {
      this.socket.once('close', () => resolve());
    });
  }

  end(): void {
    this.socket.destroy();
  }
}

/** Sends one request on a connection of its own. */
export async function exchange(
  url: string,
  request: Buffer | string,
): Promise<RawResponse> {
  const client = new RawClient(url).send(request);
  try {
    return await client.response();
  } finally {
    client.end();
  }
}
