import {
  createServer,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import {
  createServer as createSecureServer,
  type Server as SecureServer,
} from 'node:https';
import { type AddressInfo, isIP, isIPv6, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { type LedgerPorts, systemPorts } from '../ledger/ports.js';
import { UniqueIds } from '../ledger/unique-id.js';
import {
  CapacityExceededException,
  type SendCommandResult,
} from '../session/index.js';
import { ClientSessions, type ServedLedgers } from './client-sessions.js';
import { ControlPlane } from './control-plane/control-plane.js';
import { LedgerDirectory } from './control-plane/ledger-directory.js';
import { listenAddress } from './listen-address.js';
import { RequestAbortedError, RequestMemory } from './request-body.js';
import {
  failure,
  QldbServerError,
  RefusedRequestError,
} from './server-errors.js';
import type { QldbServer, QldbServerOptions } from './server-options.js';
import {
  type CredentialsLookup,
  type ServerCredentials,
  type SignatureClaim,
  SignatureVerifier,
} from './signature.js';
import { readTls } from './tls.js';
import { decodeRequest, encodeResult } from './wire.js';

const CONTENT_TYPE = 'application/x-amz-json-1.0';
const REST_TYPE = 'application/json';
const TARGET = 'QLDBSession.SendCommand';
const MAX_HEADER_BYTES = 16 * 1024;
const MAX_HEADERS = 100;
/** Longer than AWS's SDKs keep an idle connection, so that it is the client who closes it. */
const KEEP_ALIVE_TIMEOUT = 75_000;

/**
 * Serves ledgers of this process over HTTP, as Amazon QLDB's own endpoint did:
 * the QLDB Session API, JSON 1.0, requests signed with Signature Version 4. Any
 * QLDB driver, in any language, can use it.
 *
 * @example
 * const ledger = await openLedger({ name: 'vehicles' });
 * const server = await createQldbServer({
 *   ledgers: { vehicles: ledger.sessions },
 *   credentials: [{ accessKeyId: 'app', secretAccessKey: process.env.APP_SECRET }],
 *   port: 8182,
 * });
 * // AWS_ENDPOINT_URL_QLDB_SESSION=http://127.0.0.1:8182 node application.js
 * await server.close();
 *
 * @throws QldbServerError when the options are wrong, or the port is taken
 */
export async function createQldbServer(
  options: QldbServerOptions,
): Promise<QldbServer> {
  const ports = { ...systemPorts, ...options.ports };
  const verifier = await SignatureVerifier.load(
    credentialsLookup(options.credentials),
    options.region,
    ports.now,
  );
  const { host = '127.0.0.1', port = 0, tls, allowPlainHttp } = options;
  const address = await listenAddress(
    host,
    tls !== undefined || !!allowPlainHttp,
  );
  const server = new HttpServer(options, ports, verifier);
  await server.listen(host, address, port);
  return server;
}

function credentialsLookup(
  credentials: QldbServerOptions['credentials'],
): CredentialsLookup {
  if (typeof credentials === 'function') return credentials;
  const isComplete = ({ accessKeyId, secretAccessKey }: ServerCredentials) =>
    isText(accessKeyId) && isText(secretAccessKey);
  if (!credentials?.length || !credentials.every(isComplete))
    throw new QldbServerError(
      'QLDB_SERVER_OPTIONS',
      'A server needs credentials: give at least one accessKeyId with its secretAccessKey, none of them empty, or a function that finds them.',
    );
  const byId = new Map(credentials.map((one) => [one.accessKeyId, one]));
  return (accessKeyId) => byId.get(accessKeyId);
}

function isText(value: unknown): boolean {
  return typeof value === 'string' && value !== '';
}

/** What is sent back. */
interface Answer {
  readonly text: string;
  readonly contentType: string;
  /** The token of a session that the answer tells of. */
  readonly session?: string | undefined;
}

class HttpServer implements QldbServer {
  readonly #http: Server | SecureServer;
  readonly #scheme: 'http' | 'https';
  /** The connections, those that are still at their TLS handshake included. */
  readonly #sockets = new Set<Socket>();
  readonly #verifier: SignatureVerifier;
  readonly #sessions: ClientSessions;
  readonly #control: ControlPlane | undefined;
  readonly #memory: RequestMemory;
  readonly #ids: UniqueIds;
  readonly #gracePeriod: number;
  readonly #onError: (error: unknown, requestId: string) => void;
  #url = '';
  #closing: Promise<void> | undefined;

  constructor(
    {
      ledgers,
      maxBodyBytes = 6 << 20,
      maxRequestMemory = 256 << 20,
      maxConnections = 4096,
      requestTimeout = 30_000,
      sessionIdleTimeout = 20 * 60_000,
      gracePeriod = 10_000,
      onError = () => {},
      tls,
      exports,
      accountId = '000000000000',
    }: QldbServerOptions,
    ports: LedgerPorts,
    verifier: SignatureVerifier,
  ) {
    this.#verifier = verifier;
    this.#ids = new UniqueIds(ports);
    this.#gracePeriod = gracePeriod;
    this.#onError = onError;
    const directory = ledgers instanceof LedgerDirectory ? ledgers : undefined;
    this.#sessions = new ClientSessions(
      directory ? directory.sessions : (ledgers as ServedLedgers),
      sessionIdleTimeout,
      ports,
    );
    this.#control =
      directory &&
      new ControlPlane({
        directory,
        accountId,
        exports,
        ids: this.#ids,
        now: ports.now,
        onError,
      });
    this.#memory = new RequestMemory(maxBodyBytes, maxRequestMemory);
    const httpOptions = {
      requestTimeout,
      headersTimeout: requestTimeout,
      connectionsCheckingInterval: Math.min(1000, requestTimeout),
      keepAliveTimeout: KEEP_ALIVE_TIMEOUT,
      maxHeaderSize: MAX_HEADER_BYTES,
    };
    const handle = (request: IncomingMessage, response: ServerResponse) =>
      void this.#handle(request, response).catch(() => response.destroy());
    this.#scheme = tls ? 'https' : 'http';
    this.#http = tls
      ? createSecureServer(
          { ...httpOptions, ...readTls(tls), handshakeTimeout: requestTimeout },
          handle,
        )
      : createServer(httpOptions, handle);
    this.#http.maxHeadersCount = MAX_HEADERS;
    this.#http.maxConnections = maxConnections;
    this.#http.on('connection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
  }

  get url(): string {
    return this.#url;
  }

  get sessions(): number {
    return this.#sessions.size;
  }

  listen(host: string, address: string, port: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#http.on('error', (cause) =>
        reject(
          new QldbServerError(
            'QLDB_SERVER_LISTEN',
            `Cannot listen on ${host}, port ${port}: ${cause.message}. Give another port, or 0 for a free one.`,
            { cause },
          ),
        ),
      );
      this.#http.listen(port, address, () => {
        const bound = this.#http.address() as AddressInfo;
        // A certificate is made for a name, so the name is what clients need.
        const named =
          this.#scheme === 'https' && !isIP(host) ? host : bound.address;
        this.#url = `${this.#scheme}://${isIPv6(named) ? `[${named}]` : named}:${bound.port}`;
        resolve();
      });
    });
  }

  close(): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    const grace = new AbortController();
    const graceEnd = delay(this.#gracePeriod, undefined, {
      signal: grace.signal,
    }).catch(() => {});
    // Closes the idle connections as well.
    const closed = new Promise<void>((resolve) => {
      this.#http.close(() => resolve());
    });
    await Promise.race([closed, graceEnd]);
    for (const socket of this.#sockets) socket.destroy();
    await closed;
    // A ledger that does not answer must not keep the process from ending.
    await Promise.race([
      Promise.all([this.#sessions.close(), this.#control?.close()]),
      graceEnd,
    ]);
    grace.abort();
  }

  /** Answers one request. Rejects only when there is no way to answer. */
  async #handle(
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    // A client that goes away while its answer is written is no failure of ours.
    response.on('error', () => {});
    const hangUp = new AbortController();
    response.once('close', () => hangUp.abort());
    const requestId = this.#ids.next();
    try {
      const { text, contentType, session } = await this.#answer(
        request,
        hangUp.signal,
      );
      if (response.destroyed) {
        // Nobody has learnt the token of this session: nobody would end it.
        await this.#sessions.end(session);
        return;
      }
      this.#send(response, requestId, 200, text, contentType);
    } catch (error) {
      if (error instanceof RequestAbortedError || response.destroyed) return;
      this.#sendFailure(response, requestId, error);
    }
  }

  /** @param signal - aborted when the client has hung up */
  async #answer(
    request: IncomingMessage,
    signal: AbortSignal,
  ): Promise<Answer> {
    if (this.#closing)
      throw new CapacityExceededException('The server is closing.');
    const claim = await this.#verifier.claim(request.headers);
    const { method = '', url = '' } = request;
    const control = this.#control;
    if (control && ControlPlane.serves(url))
      return this.#memory.withBody(request, async (body) => {
        await this.#verifier.verify(claim, body, method, url);
        const answer = await control.answer(method, url, body, claim.region);
        return { text: JSON.stringify(answer), contentType: REST_TYPE };
      });
    // One path is left, so the method and the path need not be signed for to be refused.
    if (method !== 'POST' || url !== '/') throw unknownOperation();
    return this.#memory.withBody(request, async (body) => {
      const result = await this.#run(request, claim, body, signal);
      return {
        text: encodeResult(result),
        contentType: CONTENT_TYPE,
        session: result.StartSession?.SessionToken,
      };
    });
  }

  async #run(
    { headers }: IncomingMessage,
    claim: SignatureClaim,
    body: Buffer,
    signal: AbortSignal,
  ): Promise<SendCommandResult> {
    await this.#verifier.verify(claim, body, 'POST', '/');
    if (headers['x-amz-target'] !== TARGET) throw unknownOperation();
    if (mediaType(headers['content-type']) !== CONTENT_TYPE)
      throw new RefusedRequestError(
        'UnsupportedMediaTypeException',
        415,
        `The content type has to be ${CONTENT_TYPE}.`,
      );
    return this.#sessions.sendCommand(
      claim.credentials.accessKeyId,
      decodeRequest(body),
      signal,
    );
  }

  #sendFailure(
    response: ServerResponse,
    requestId: string,
    error: unknown,
  ): void {
    const { type, status, message, code, members } = failure(error);
    if (status === 500) this.#onError(error, requestId);
    // The SDKs read the type from the header first, and only else from the
    // body, where several of them take QLDB's `Code` for it.
    response.setHeader('x-amzn-ErrorType', type);
    this.#send(
      response,
      requestId,
      status,
      JSON.stringify({
        __type: `com.amazonaws.qldbsession#${type}`,
        Message: message,
        Code: code,
        ...members,
      }),
    );
  }

  #send(
    response: ServerResponse,
    requestId: string,
    status: number,
    text: string,
    contentType = CONTENT_TYPE,
  ): void {
    if (this.#closing) response.setHeader('Connection', 'close');
    response.writeHead(status, {
      'Content-Type': contentType,
      'Content-Length': Buffer.byteLength(text),
      'x-amzn-RequestId': requestId,
    });
    response.end(text);
  }
}

function unknownOperation(): RefusedRequestError {
  return new RefusedRequestError(
    'UnknownOperationException',
    404,
    `Only POST / with X-Amz-Target: ${TARGET} is served here.`,
  );
}

function mediaType(header: string | undefined): string {
  return header?.split(';', 1)[0]?.trim().toLowerCase() ?? '';
}
