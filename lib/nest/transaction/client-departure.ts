import { ServerResponse } from 'node:http';
import { type ExecutionContext, HttpException } from '@nestjs/common';

interface Closable {
  readonly destroyed?: boolean;
  once(event: 'close', listener: () => void): unknown;
}

/**
 * Aborted when the client of a handler goes away before it has its answer. Nest
 * itself does not say: it never tears down the chain of a handler that returns
 * a promise.
 *
 * @returns undefined where nobody waits for an answer (an event), and where it
 * cannot be seen (a broker between the two). WebSocket is not here because
 * there the chain is torn down.
 */
export function clientDeparture(
  context: ExecutionContext | undefined,
): AbortSignal | undefined {
  if (!context) return undefined;
  switch (context.getType<string>()) {
    case 'http': {
      const response = context.switchToHttp().getResponse<unknown>();
      // Fastify's reply has Node's response inside.
      return closed(member(response, 'raw') ?? response);
    }
    case 'graphql': {
      // The resolver's arguments are (parent, args, context, info).
      const request: unknown = context.getArgByIndex(2);
      const response =
        member(request, 'res') ?? member(member(request, 'req'), 'res');
      return closed(response);
    }
    case 'rpc':
      return isEventHandler(context.getHandler())
        ? undefined
        : closed(connectionOf(context.switchToRpc().getContext()));
    default:
      return undefined;
  }
}

/** Nobody receives it. An `HttpException` is not logged as a failure of the application. */
export function clientGone(): HttpException {
  return new HttpException(
    'The client went away, so its transaction was aborted.',
    499,
  );
}

const signals = new WeakMap<object, AbortSignal>();

/** One listener, however many resolvers answer one request, or requests come over one connection. */
function closed(closable: unknown): AbortSignal | undefined {
  if (!isClosable(closable)) return undefined;
  const known = signals.get(closable);
  if (known) return known;
  const gone = new AbortController();
  const onClose = (): void => {
    // A response that has ended was answered. A connection ends both its ways when the client ends one.
    const answered =
      closable instanceof ServerResponse && closable.writableEnded;
    if (!answered) gone.abort(clientGone());
  };
  if (closable.destroyed) onClose();
  else closable.once('close', onClose);
  signals.set(closable, gone.signal);
  return gone.signal;
}

/** `TcpContext` alone has a connection to the client itself. */
function connectionOf(context: unknown): unknown {
  const getSocketRef = member(context, 'getSocketRef');
  return typeof getSocketRef === 'function'
    ? member(getSocketRef.call(context), 'netSocket')
    : undefined;
}

/** Of `@nestjs/microservices`, which an application need not have: `PatternHandler.EVENT`. */
function isEventHandler(handler: object): boolean {
  return Reflect.getMetadata('microservices:handler_type', handler) === 2;
}

/** A response, or a connection. */
function isClosable(value: unknown): value is Closable {
  return typeof member(value, 'once') === 'function';
}

function member(owner: unknown, name: string): unknown {
  return typeof owner === 'object' && owner !== null
    ? (Reflect.get(owner, name) as unknown)
    : undefined;
}
