import { createRequire } from 'node:module';
import type {
  QLDBSessionClient,
  QLDBSessionClientConfig,
  SendCommandCommandOutput,
} from '@aws-sdk/client-qldb-session';
import type { SendCommandRequest } from '../session/endpoint.js';
import { QldbSessionException } from '../session/exceptions.js';
import { failureOf, notSent } from './aws-errors.js';
import { decodeResult, encodeRequest } from './aws-json.js';
import { EndpointConfigurationError } from './driver-errors.js';

type Sdk = typeof import('@aws-sdk/client-qldb-session');
type Signer = Awaited<ReturnType<QLDBSessionClient['config']['signer']>>;
type HttpRequest = Parameters<Signer['sign']>[0] & {
  body?: string;
  clone(): HttpRequest;
};
/** What the SDK's request handlers answer. */
interface HttpResponse {
  readonly statusCode: number;
  /** By their names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: unknown;
}

/** Answers to a signature whose date the service takes for wrong. */
const CLOCK_ERRORS: ReadonlySet<string> = new Set([
  'AuthFailure',
  'InvalidSignatureException',
  'RequestExpired',
  'RequestInTheFuture',
  'RequestTimeTooSkewed',
  'SignatureDoesNotMatch',
]);
/** How far the clocks may lie apart before a request is refused for it. */
const MAX_SKEW = 5 * 60_000;

/**
 * A client of the QLDB Session API that is made of the AWS SDK's parts: its
 * configuration (region, endpoint, credentials from wherever it finds them), its
 * signer and its request handler.
 *
 * The SDK is asked once what a command looks like on the wire. Its middleware,
 * which works that out again for every command and costs more than all the rest
 * of a call, does not run after that.
 */
export class AwsClient {
  readonly #client: QLDBSessionClient;
  readonly #template: HttpRequest;
  readonly #signer: Signer;

  /** @throws EndpointConfigurationError when the SDK does not know where to send commands */
  static async open(
    config: QLDBSessionClientConfig,
    maxSockets: number,
  ): Promise<AwsClient> {
    const sdk = await import('@aws-sdk/client-qldb-session');
    const agent = { keepAlive: true, maxSockets };
    const client = new sdk.QLDBSessionClient({
      requestHandler: { httpAgent: agent, httpsAgent: agent },
      ...config,
      customUserAgent: [
        ...userAgentOf(config.customUserAgent),
        ['nestjs-qldb', packageVersion()],
      ],
      // The driver retries, knowing what a repeated command would do.
      maxAttempts: 1,
    });
    await requireRegion(client);
    try {
      return new AwsClient(
        client,
        await requestTemplate(sdk, client),
        await client.config.signer(),
      );
    } catch (error) {
      throw notSent(error);
    }
  }

  private constructor(
    client: QLDBSessionClient,
    template: HttpRequest,
    signer: Signer,
  ) {
    this.#client = client;
    this.#template = template;
    this.#signer = signer;
  }

  /**
   * @throws QldbSessionException when the service answers with a failure
   * @throws EndpointConfigurationError when the command could not be signed
   */
  async send(
    request: SendCommandRequest,
    signal?: AbortSignal,
  ): Promise<SendCommandCommandOutput> {
    const body = encodeRequest(request);
    const { config } = this.#client;
    const clockOffset = config.systemClockOffset;
    const response = await this.#post(body, signal);
    try {
      return await this.#read(response);
    } catch (error) {
      // It was refused for its date: it has had no effect.
      if (!isClockError(error)) throw error;
      this.#followClock(response);
      // Another command may have set the clock meanwhile.
      if (config.systemClockOffset === clockOffset) throw error;
      return this.#read(await this.#post(body, signal));
    }
  }

  destroy(): void {
    this.#client.destroy();
  }

  async #post(body: string, signal?: AbortSignal): Promise<HttpResponse> {
    const { config } = this.#client;
    const { response } = await config.requestHandler.handle(
      await this.#sign(body),
      { abortSignal: signal },
    );
    return response;
  }

  async #sign(body: string): Promise<HttpRequest> {
    const request = this.#template.clone();
    request.headers['content-length'] = String(Buffer.byteLength(body));
    request.body = body;
    try {
      return (await this.#signer.sign(request, {
        signingDate: new Date(
          Date.now() + this.#client.config.systemClockOffset,
        ),
      })) as HttpRequest;
    } catch (error) {
      throw notSent(error);
    }
  }

  /** @throws the failure that the reply tells of, or what made it unreadable */
  async #read(response: HttpResponse): Promise<SendCommandCommandOutput> {
    const text = await this.#text(response);
    const { statusCode, headers } = response;
    const requestId =
      headers['x-amzn-requestid'] ?? headers['x-amz-request-id'];
    if (statusCode >= 400) throw failedReply(response, requestId, text);
    if (statusCode >= 300)
      throw new EndpointConfigurationError(
        `The endpoint answers with status ${statusCode} and carries nothing out. Give the driver the address of a QLDB session endpoint itself.`,
      );
    const result = decodeResult(text);
    return { ...result, $metadata: { httpStatusCode: statusCode, requestId } };
  }

  async #text({ body }: HttpResponse): Promise<string> {
    if (body === undefined || body === null) return '';
    const bytes =
      body instanceof Uint8Array
        ? body
        : await this.#client.config.streamCollector(body);
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString();
  }

  /** Follows the service's clock, if it differs enough to be why a request was refused. */
  #followClock({ headers }: HttpResponse): void {
    const { config } = this.#client;
    const offset = Date.parse(headers['date'] ?? '') - Date.now();
    if (Math.abs(offset - config.systemClockOffset) >= MAX_SKEW)
      config.systemClockOffset = offset;
  }
}

function isClockError(error: unknown): boolean {
  return error instanceof QldbSessionException && CLOCK_ERRORS.has(error.name);
}

/** The request that the SDK makes of a command, but for what differs from one to the next. */
async function requestTemplate(
  sdk: Sdk,
  client: QLDBSessionClient,
): Promise<HttpRequest> {
  let template: HttpRequest | undefined;
  client.middlewareStack.add(
    () => (args) => {
      template = args.request as HttpRequest;
      return Promise.resolve({ output: { $metadata: {} }, response: {} });
    },
    // After the request is built, before it would be signed and sent.
    { step: 'build', priority: 'low', name: 'takeTemplate' },
  );
  await client.send(new sdk.SendCommandCommand({}));
  if (!template) throw new Error('The AWS SDK built no request.');
  // A function that AWS Lambda runs is traced anew with each call.
  for (const name of Object.keys(template.headers))
    if (name.toLowerCase() === 'x-amzn-trace-id') delete template.headers[name];
  return template;
}

async function requireRegion(client: QLDBSessionClient): Promise<void> {
  try {
    await client.config.region();
  } catch (cause) {
    throw new EndpointConfigurationError(
      'The AWS SDK found no region. Give the driver a region, or set AWS_REGION.',
      { cause },
    );
  }
}

function failedReply(
  { statusCode, headers }: HttpResponse,
  requestId: string | undefined,
  text: string,
): QldbSessionException {
  const body = parseObject(text);
  return failureOf({
    names: [headers['x-amzn-errortype'], body['__type'], body['code']],
    message: body['Message'] ?? body['message'],
    httpStatusCode: statusCode,
    requestId,
    qldbCode: body['Code'],
  });
}

/** The object that a text is in JSON; an empty one if it is none, as from a proxy between. */
function parseObject(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null)
      return value as Record<string, unknown>;
  } catch {
    // Not the service's own words.
  }
  return {};
}

function userAgentOf(
  given: QLDBSessionClientConfig['customUserAgent'],
): [string, string?][] {
  return typeof given === 'string' ? [[given]] : [...(given ?? [])];
}

function packageVersion(): string {
  const { version } = createRequire(import.meta.url)('../../package.json') as {
    version: string;
  };
  return version;
}
