import { connect, createServer, type Server, type Socket } from 'node:net';

/** Which way a message goes. */
export type Direction = 'to server' | 'to client';

/**
 * A proxy before a PostgreSQL server that counts the messages of its protocol,
 * and can cut a connection behind any one of them.
 */
export class CutProxy {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  /** How many messages went by since the last {@link count}. */
  #counts = { 'to server': 0, 'to client': 0 };
  #cut: { readonly direction: Direction; left: number } | undefined;
  /** How often it has cut. */
  cuts = 0;

  private constructor(private readonly target: number) {
    this.#server = createServer((client) => {
      const server = connect(this.target, '127.0.0.1');
      const both = [client, server];
      const end = () => both.forEach((socket) => socket.destroy());
      for (const socket of both) {
        this.#sockets.add(socket);
        socket.setNoDelay(true);
        socket.on('error', end).on('close', () => {
          this.#sockets.delete(socket);
          end();
        });
      }
      // The first message of a client has no type.
      const toServer = new Messages(true);
      const toClient = new Messages(false);
      client.on('data', (bytes) =>
        this.#pass('to server', toServer, bytes, server, end),
      );
      server.on('data', (bytes) =>
        this.#pass('to client', toClient, bytes, client, end),
      );
    });
  }

  static async before(port: number): Promise<CutProxy> {
    const proxy = new CutProxy(port);
    await new Promise<void>((resolve) =>
      proxy.#server.listen(0, '127.0.0.1', resolve),
    );
    return proxy;
  }

  get port(): number {
    const address = this.#server.address();
    return typeof address === 'object' && address ? address.port : 0;
  }

  /** The messages that went by since the last call. */
  count(): Readonly<Record<Direction, number>> {
    const counts = this.#counts;
    this.#counts = { 'to server': 0, 'to client': 0 };
    return counts;
  }

  /** Cuts the connection of the n-th message from now on: it is passed on, nothing behind it is. */
  cutBehind(direction: Direction, n: number): void {
    this.#cut = { direction, left: n };
  }

  #pass(
    direction: Direction,
    messages: Messages,
    bytes: Buffer,
    to: Socket,
    end: () => void,
  ): void {
    for (const message of messages.take(bytes)) {
      this.#counts[direction]++;
      const cut = this.#cut;
      const isCut = cut?.direction === direction && cut.left-- === 0;
      if (!isCut) {
        to.write(message);
        continue;
      }
      this.#cut = undefined;
      this.cuts++;
      // What is passed on is passed on before the other side hears of the end.
      to.write(message, () => end());
      return;
    }
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** The messages of a stream of bytes. */
class Messages {
  #rest: Buffer = Buffer.alloc(0);

  constructor(private isFirst: boolean) {}

  *take(bytes: Buffer): Iterable<Buffer> {
    this.#rest = Buffer.concat([this.#rest, bytes]);
    for (;;) {
      const start = this.isFirst ? 0 : 1;
      if (this.#rest.length < start + 4) return;
      const end = start + this.#rest.readInt32BE(start);
      if (this.#rest.length < end) return;
      const message = this.#rest.subarray(0, end);
      this.#rest = this.#rest.subarray(end);
      this.isFirst = false;
      yield message;
    }
  }
}
