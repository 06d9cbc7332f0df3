import { after, type MaybePromise } from '../async/maybe-promise.js';
import type { ExecuteStatementResult, Page } from '../session/endpoint.js';
import { PagedCursor, type ResultSource } from './paged-cursor.js';

/** Fetches a page when the one before it is used up. */
export class StreamCursor<T = unknown> extends PagedCursor<T> {
  #token: string | undefined;

  /** @internal */
  constructor(source: ResultSource, result: ExecuteStatementResult) {
    super(source, result.FirstPage, result);
    this.#token = result.FirstPage?.NextPageToken;
  }

  protected override nextPage(): MaybePromise<Page | undefined> {
    if (this.#token === undefined) return undefined;
    return after(this.fetch(this.#token), (page) => {
      this.#token = page.NextPageToken;
      return page;
    });
  }
}
