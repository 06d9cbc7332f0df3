import { type ExecutionContext, HttpException } from '@nestjs/common';

/** A response, or a connection: the part of Node's own that is needed here. */
interface Closable {
  readonly destroyed?: boolean;
  readonly writableEnded?: boolean;
  once(event: 'close', listener: () => void): unknown;
}

const signals = new WeakMap<Closable, AbortSignal>();

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
  const closable = context && answerTo(context);
  if (!closable) return undefined;
  // One listener, however many resolvers answer one request, or requests come over one connection.
  const known = signals.get(closable);
  if (known) return known;
  const gone = new AbortController();
  const onClose = (): void => {
    if (!closable.writableEnded) gone.abort(clientGone());
  };
  if (closable.destroyed) onClose();
  else closable.once('close', onClose);
  signals.set(closable, gone.signal);
  return gone.signal;
}

/** Nobody receives it. An `HttpException` is not logged as a failure of the application. */
export function clientGone(): HttpException {
  return new HttpException(
    'The client went away, so its transaction was aborted.',
    499,
  );
}

/** What an answer is written to. */
function answerTo(context: ExecutionContext): Closable | undefined {
  switch (context.getType<string>()) {
    case 'http': {
      const response = context.switchToHttp().getResponse<unknown>();
      return closable(response, 'raw') ?? closable(response);
    }
    case 'graphql': {
      // The resolver's arguments are (parent, args, context, info).
      const request: unknown = context.getArgByIndex(2);
      return (
        closable(request, 'res') ?? closable(member(request, 'req'), 'res')
      );
    }
    case 'rpc':
      return isEventHandler(context.getHandler())
        ? undefined
        : connectionOf(context.switchToRpc().getContext());
    default:
      return undefined;
  }
}

/** `TcpContext` alone has a connection to the client itself. */
function connectionOf(context: unknown): Closable | undefined {
  const getSocketRef = member(context, 'getSocketRef');
  if (typeof getSocketRef !== 'function') return undefined;
  return closable(getSocketRef.call(context), 'netSocket');
}

/** Of `@nestjs/microservices`, which an application need not have: `PatternHandler.EVENT`. */
function isEventHandler(handler: object): boolean {
  return Reflect.getMetadata('microservices:handler_type', handler) === 2;
}

function closable(...path: [unknown, string?]): Closable | undefined {
  const [owner, name] = path;
  const value = name === undefined ? owner : member(owner, name);
  return typeof member(value, 'once') === 'function'
    ? (value as Closable)
    : undefined;
}

function member(owner: unknown, name: string): unknown {
  return typeof owner === 'object' && owner !== null
    ? (Reflect.get(owner, name) as unknown)
    : undefined;
}
