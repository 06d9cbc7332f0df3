import { promised } from '../async/maybe-promise.js';
import type { ExecuteStatementResult, Page } from '../session/endpoint.js';
import { PagedCursor, type ResultSource } from './paged-cursor.js';

/**
 * Fetches pages before they are asked for: up to `readAhead` of them wait while
 * one is read, so at most `readAhead + 1` are in memory.
 */
export class ReadAheadCursor<T = unknown> extends PagedCursor<T> {
  readonly #readAhead: number;
  readonly #pages: Page[] = [];
  #token: string | undefined;
  #fetching = false;
  #failure: { readonly error: unknown } | undefined;
  #wakeReader: (() => void) | undefined;

  /** @internal */
  constructor(
    source: ResultSource,
    result: ExecuteStatementResult,
    readAhead: number,
  ) {
    super(source, result.FirstPage, result);
    this.#token = result.FirstPage?.NextPageToken;
    this.#readAhead = readAhead;
    this.#fetchAhead();
  }

  protected override async nextPage(): Promise<Page | undefined> {
    for (;;) {
      const page = this.#pages.shift();
      if (page) {
        this.#fetchAhead();
        return page;
      }
      // Only now: the pages before the failure are read first.
      if (this.#failure) throw this.#failure.error;
      if (!this.#fetching) return undefined;
      await new Promise<void>((resolve) => {
        this.#wakeReader = resolve;
      });
      if (this.isClosed) return undefined;
    }
  }

  protected override onClose(): void {
    this.#pages.length = 0;
  }

  #fetchAhead(): void {
    if (
      this.#fetching ||
      this.#token === undefined ||
      this.#pages.length >= this.#readAhead ||
      this.isClosed
    ) {
      return;
    }
    this.#fetching = true;
    const token = this.#token;
    promised(() => this.fetch(token)).then(
      (page) => {
        this.#token = page.NextPageToken;
        this.#arrived();
        if (!this.isClosed) this.#pages.push(page);
        this.#fetchAhead();
      },
      (error: unknown) => {
        this.#token = undefined;
        this.#failure = { error };
        this.#arrived();
      },
    );
  }

  /** The reader goes on in a later turn, when the page is in its place. */
  #arrived(): void {
    this.#fetching = false;
    this.#wakeReader?.();
    this.#wakeReader = undefined;
  }
}
