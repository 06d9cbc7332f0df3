import { createRequire } from 'node:module';
import type {
  QLDBSessionClient,
  QLDBSessionClientConfig,
} from '@aws-sdk/client-qldb-session';
import type {
  SendCommandOptions,
  SendCommandRequest,
  SendCommandResult,
  SessionEndpoint,
} from '../session/endpoint.js';
import {
  BadRequestException,
  CapacityExceededException,
  InvalidSessionException,
  LimitExceededException,
  OccConflictException,
  QldbSessionException,
  RateExceededException,
} from '../session/exceptions.js';
import { EndpointConfigurationError } from './driver-errors.js';

/** How an {@link AwsEndpoint} gets its client. */
export type AwsEndpointOptions =
  | {
      /** A client of the caller's: it is used as it is, and stays the caller's. */
      readonly client: QLDBSessionClient;
    }
  | {
      /** What to make a client of. Copied at once. */
      readonly config: QLDBSessionClientConfig;
      /** How many sockets the client may open. */
      readonly maxSockets: number;
    };

type Sdk = typeof import('@aws-sdk/client-qldb-session');
type SendCommand = (
  request: SendCommandRequest,
  signal: AbortSignal | undefined,
) => Promise<SendCommandResult>;

/**
 * The QLDB Session API over HTTP, through the AWS SDK. The SDK is loaded with
 * the first command: who has the ledger in the same process never loads it.
 *
 * This is the one place where an error of the SDK becomes one of ours, so that
 * nothing else which an application throws is taken for an answer of the ledger.
 */
export class AwsEndpoint implements SessionEndpoint {
  readonly maxConcurrency?: number;
  readonly #options: AwsEndpointOptions;
  #ready: Promise<SendCommand> | undefined;
  #ownClient: QLDBSessionClient | undefined;
  #closed = false;

  constructor(options: AwsEndpointOptions) {
    if ('client' in options) {
      this.#options = options;
      return;
    }
    const { config, maxSockets } = options;
    this.#options = { config: { ...config }, maxSockets };
    // With a request handler of the caller's the number of its sockets is not ours to know.
    if (config.requestHandler === undefined) this.maxConcurrency = maxSockets;
  }

  async sendCommand(
    request: SendCommandRequest,
    options?: SendCommandOptions,
  ): Promise<SendCommandResult> {
    if (this.#closed) {
      throw new EndpointConfigurationError(
        'The endpoint is closed. Create a new driver to go on.',
      );
    }
    this.#ready ??= this.#open();
    try {
      const send = await this.#ready;
      return await send(request, options?.signal);
    } catch (error) {
      throw toSessionError(error);
    }
  }

  close(): Promise<void> {
    this.#closed = true;
    this.#ownClient?.destroy();
    return Promise.resolve();
  }

  async #open(): Promise<SendCommand> {
    const sdk = await import('@aws-sdk/client-qldb-session');
    if ('client' in this.#options) {
      const { client } = this.#options;
      return (request, signal) =>
        client.send(
          new sdk.SendCommandCommand(request),
          signal && { abortSignal: signal },
        );
    }
    const client = await this.#createClient(sdk, this.#options);
    const signals = passSignals(client);
    return (request, signal) => {
      if (signal) signals.set(request, signal);
      return client.send(new sdk.SendCommandCommand(request));
    };
  }

  async #createClient(
    sdk: Sdk,
    {
      config,
      maxSockets,
    }: { config: QLDBSessionClientConfig; maxSockets: number },
  ): Promise<QLDBSessionClient> {
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
      // Resolves the middleware once instead of with every command.
      cacheMiddleware: true,
    });
    try {
      await client.config.region();
    } catch (cause) {
      throw new EndpointConfigurationError(
        'The AWS SDK found no region. Give the driver a region, or set AWS_REGION.',
        { cause },
      );
    }
    this.#ownClient = client;
    if (this.#closed) client.destroy();
    return client;
  }
}

/**
 * Hands signals to the request handler beside the SDK: it keeps the handler that
 * it has built only for calls without options, and building one for each call
 * costs more than all else in it.
 *
 * @returns where to put the signal of a command's input
 */
function passSignals(client: QLDBSessionClient): WeakMap<object, AbortSignal> {
  const signals = new WeakMap<object, AbortSignal>();
  client.middlewareStack.add(
    (next) => async (args) => {
      const signal = signals.get(args.input);
      return signal
        ? {
            output: { $metadata: {} },
            ...(await client.config.requestHandler.handle(
              args.request as Parameters<
                typeof client.config.requestHandler.handle
              >[0],
              { abortSignal: signal },
            )),
          }
        : next(args);
    },
    // The last link before the request handler, in whose place it calls it.
    { step: 'deserialize', priority: 'low', name: 'passSignals' },
  );
  return signals;
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

/** By name, not by class: an application may have a second copy of the SDK. */
const exceptions: Readonly<
  Record<string, new (...args: ConstructorArguments) => QldbSessionException>
> = {
  BadRequestException,
  CapacityExceededException,
  InvalidSessionException,
  LimitExceededException,
  OccConflictException,
  RateExceededException,
};

type ConstructorArguments = ConstructorParameters<typeof QldbSessionException>;

/**
 * A reply may carry QLDB's own code, such as "412", beside the name of its
 * exception, and the SDK takes that for the name; then `__type` has it, behind
 * a namespace and a `#`.
 */
function exceptionNamed(
  name: unknown,
): (typeof exceptions)[string] | undefined {
  if (typeof name !== 'string') return undefined;
  const simple = name.slice(name.indexOf('#') + 1);
  return Object.hasOwn(exceptions, simple) ? exceptions[simple] : undefined;
}

/** What the AWS SDK calls errors of finding credentials; the request was not sent. */
const NOT_SENT = /^(?:Credentials|Token)?ProviderError$/;

function toSessionError(error: unknown): unknown {
  if (typeof error !== 'object' || error === null) return error;
  const { name, message, $fault, $metadata, Code, __type } = error as {
    name?: unknown;
    __type?: unknown;
    message?: unknown;
    $fault?: unknown;
    $metadata?: { httpStatusCode?: unknown; requestId?: unknown };
    Code?: unknown;
  };
  if (typeof name === 'string' && NOT_SENT.test(name)) {
    return new EndpointConfigurationError(
      'The AWS SDK found no credentials. Give the driver credentials, or set up one of the places where the SDK looks for them.',
      { cause: error },
    );
  }
  const status = $metadata?.httpStatusCode;
  // A reply that says success and cannot be read leaves the outcome open.
  const isAnswer = typeof status === 'number' ? status >= 400 : $fault;
  if (!isAnswer) return error;
  const Exception = exceptionNamed(name) ?? exceptionNamed(__type);
  const converted = new (Exception ?? QldbSessionException)(String(message), {
    cause: error,
    httpStatusCode:
      typeof status === 'number' ? status : $fault === 'server' ? 500 : 400,
    ...(typeof $metadata?.requestId === 'string'
      ? { requestId: $metadata.requestId }
      : {}),
    ...(typeof Code === 'string' ? { qldbCode: Code } : {}),
  });
  if (!Exception && typeof name === 'string') converted.name = name;
  return converted;
}
