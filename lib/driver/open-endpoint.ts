import type { QLDBSessionClient } from '@aws-sdk/client-qldb-session';
import type { SessionEndpoint } from '../session/endpoint.js';
import { AwsEndpoint } from './aws-endpoint.js';
import { DriverOptionsError } from './driver-errors.js';
import type { PooledQldbDriverOptions } from './driver-options.js';

/** Sockets of a client that the driver makes, if no pool limit is given. */
const DEFAULT_MAX_SOCKETS = 50;

/** The endpoint that the options name, and whether the driver is to close it. */
export function openEndpoint(
  options: PooledQldbDriverOptions,
  poolLimit: number,
): { endpoint: SessionEndpoint; owned: boolean } {
  const { endpoint, region, credentials, clientConfig } = options;
  if (typeof endpoint === 'object' && !(endpoint instanceof URL)) {
    if (region !== undefined || credentials || clientConfig) {
      throw new DriverOptionsError([
        'region, credentials and clientConfig are for a client that the driver makes; leave them out with a ready endpoint or client',
      ]);
    }
    // Asked first: the SDK's aggregated client has a method sendCommand, too.
    if (isSdkClient(endpoint)) {
      return { endpoint: new AwsEndpoint({ client: endpoint }), owned: true };
    }
    if (isSessionEndpoint(endpoint)) return { endpoint, owned: false };
    throw new DriverOptionsError([
      'endpoint must be a SessionEndpoint, a QLDBSessionClient or a URL',
    ]);
  }
  return {
    endpoint: new AwsEndpoint({
      config: {
        ...clientConfig,
        ...(region === undefined ? {} : { region }),
        ...(credentials === undefined ? {} : { credentials }),
        ...(endpoint === undefined ? {} : { endpoint: urlOf(endpoint) }),
      },
      maxSockets: poolLimit || DEFAULT_MAX_SOCKETS,
    }),
    owned: true,
  };
}

function isSdkClient(
  endpoint: SessionEndpoint | QLDBSessionClient,
): endpoint is QLDBSessionClient {
  return (
    endpoint !== null &&
    'send' in endpoint &&
    typeof endpoint.send === 'function' &&
    'middlewareStack' in endpoint
  );
}

function isSessionEndpoint(
  endpoint: SessionEndpoint | QLDBSessionClient,
): endpoint is SessionEndpoint {
  return (
    endpoint !== null &&
    'sendCommand' in endpoint &&
    typeof endpoint.sendCommand === 'function'
  );
}

function urlOf(endpoint: URL | string): string {
  const url = URL.canParse(String(endpoint)) ? new URL(endpoint) : undefined;
  if (url?.protocol !== 'https:' && url?.protocol !== 'http:') {
    throw new DriverOptionsError([
      'endpoint must be a URL that begins with https:// or http://',
    ]);
  }
  return url.href;
}
