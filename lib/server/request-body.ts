import type { IncomingMessage } from 'node:http';
import { CapacityExceededException } from '../session/index.js';
import { RefusedRequestError } from './server-errors.js';

/** The client went away before its request was whole. Nobody waits for an answer. */
export class RequestAbortedError extends Error {
  constructor() {
    super('The client closed the connection before its request was whole.');
    this.name = new.target.name;
  }
}

/** What a request holds besides its body: its headers, and the socket's share. */
const REQUEST_BYTES = 4096;

/** Bounds what the requests under way hold, each and all together. */
export class RequestMemory {
  #held = 0;

  constructor(
    /** Bytes that one body may have. */
    readonly maxBodyBytes: number,
    /** Bytes that all requests may hold. */
    readonly maxBytes: number,
  ) {}

  /**
   * Reads a body whole, hands it to `use`, and counts its bytes until `use` is
   * done. What follows of a body that is refused is read and dropped, so that
   * the client gets to see the answer.
   *
   * @throws RefusedRequestError, CapacityExceededException, RequestAbortedError
   */
  async withBody<T>(
    request: IncomingMessage,
    use: (body: Buffer) => Promise<T>,
  ): Promise<T> {
    let taken = 0;
    const take = (bytes: number): void => {
      taken += bytes;
      this.#held += bytes;
      if (this.#held > this.maxBytes)
        throw new CapacityExceededException('Capacity exceeded');
    };
    try {
      take(REQUEST_BYTES);
      return await use(await readBody(request, this.maxBodyBytes, take));
    } finally {
      this.#held -= taken;
    }
  }
}

function readBody(
  request: IncomingMessage,
  limit: number,
  take: (bytes: number) => void,
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    // Its credentials may have taken a while to find.
    if (request.destroyed) throw new RequestAbortedError();
    if (Number(request.headers['content-length']) > limit)
      throw tooLarge(limit);
    let chunks: Buffer[] | undefined = [];
    let size = 0;
    request.on('data', (chunk: Buffer) => {
      if (!chunks) return;
      size += chunk.length;
      try {
        if (size > limit) throw tooLarge(limit);
        take(chunk.length);
        chunks.push(chunk);
      } catch (error) {
        chunks = undefined;
        reject(error);
      }
    });
    let whole = false;
    request.on('end', () => {
      whole = true;
      if (chunks)
        resolve(chunks.length === 1 ? chunks[0] : Buffer.concat(chunks, size));
    });
    const aborted = (): void => {
      if (!whole) reject(new RequestAbortedError());
    };
    request.on('error', aborted);
    request.on('close', aborted);
  });
}

function tooLarge(limit: number): RefusedRequestError {
  return new RefusedRequestError(
    'RequestEntityTooLargeException',
    413,
    `The request is larger than ${limit} bytes.`,
  );
}
