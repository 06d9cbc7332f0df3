import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type {
  CommandName,
  SendCommandRequest,
} from '../../lib/session/endpoint.js';
import { QldbSessionException } from '../../lib/session/exceptions.js';
import type { FakeService } from './fake-service.js';

/** An answer given instead of the service's own. */
export interface CannedAnswer {
  readonly command: CommandName;
  /** Carry the command out, too. */
  readonly carryOut?: boolean;
  readonly status: number;
  readonly body: string;
  readonly headers?: Record<string, string>;
}

/** A {@link FakeService} over HTTP on loopback, in the JSON that the AWS SDK speaks. */
export class HttpService implements AsyncDisposable {
  readonly #server: Server;
  /** Headers of every request. */
  readonly requests: IncomingHttpHeaders[] = [];
  readonly canned: CannedAnswer[] = [];

  private constructor(service: FakeService) {
    this.#server = createServer((request, response) => {
      this.requests.push(request.headers);
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        void this.#answer(service, Buffer.concat(chunks).toString()).then(
          ({ status, body, headers }) => {
            response.writeHead(status, {
              'content-type': 'application/x-amz-json-1.0',
              'x-amzn-requestid': `request-${this.requests.length}`,
              ...headers,
            });
            response.end(body);
          },
        );
      });
    });
  }

  static async start(service: FakeService): Promise<HttpService> {
    const http = new HttpService(service);
    await new Promise<void>((resolve) =>
      http.#server.listen(0, '127.0.0.1', resolve),
    );
    return http;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** Sockets that are open. */
  connections(): Promise<number> {
    return new Promise((resolve, reject) =>
      this.#server.getConnections((error, count) =>
        error ? reject(error) : resolve(count),
      ),
    );
  }

  async #answer(
    service: FakeService,
    body: string,
  ): Promise<Omit<CannedAnswer, 'command'>> {
    const request = revive(JSON.parse(body)) as SendCommandRequest;
    const index = this.canned.findIndex(
      ({ command }) => request[command] !== undefined,
    );
    const [canned] = index < 0 ? [] : this.canned.splice(index, 1);
    if (canned) {
      if (canned.carryOut) await service.sendCommand(request);
      return canned;
    }
    try {
      return {
        status: 200,
        body: JSON.stringify(await service.sendCommand(request), base64),
      };
    } catch (error) {
      if (!(error instanceof QldbSessionException)) throw error;
      return {
        status: error.$metadata.httpStatusCode,
        body: JSON.stringify({
          __type: `com.amazonaws.qldb.session#${error.name}`,
          Message: error.message,
          Code: error.Code,
        }),
      };
    }
  }
}

function base64(this: unknown, key: string, value: unknown): unknown {
  // Not `value`: a Buffer has been through its toJSON by now.
  const given = (this as Record<string, unknown>)[key];
  return given instanceof Uint8Array
    ? Buffer.from(given).toString('base64')
    : value;
}

/** Blobs of a request from their base64. */
function revive(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(revive);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [
      name,
      name === 'IonBinary' || name === 'CommitDigest'
        ? new Uint8Array(Buffer.from(member as string, 'base64'))
        : revive(member),
    ]),
  );
}
