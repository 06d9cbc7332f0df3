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
import { AwsClient } from './aws-client.js';
import { fromSdkError } from './aws-errors.js';
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
  #ownClient: AwsClient | undefined;
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
    this.#ready ??= this.#open().catch((error: unknown) => {
      // What was missing, such as a reachable source of the region, may be there the next time.
      this.#ready = undefined;
      throw error;
    });
    try {
      const send = await this.#ready;
      return await send(request, options?.signal);
    } catch (error) {
      throw fromSdkError(error);
    }
  }

  close(): Promise<void> {
    this.#closed = true;
    this.#ownClient?.destroy();
    return Promise.resolve();
  }

  async #open(): Promise<SendCommand> {
    if ('client' in this.#options) {
      const { client } = this.#options;
      const { SendCommandCommand } =
        await import('@aws-sdk/client-qldb-session');
      return (request, signal) =>
        client.send(
          new SendCommandCommand(request),
          signal && { abortSignal: signal },
        );
    }
    const { config, maxSockets } = this.#options;
    const client = await AwsClient.open(config, maxSockets);
    this.#ownClient = client;
    if (this.#closed) client.destroy();
    return (request, signal) => client.send(request, signal);
  }
}
