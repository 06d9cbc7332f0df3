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

  protected override async nextPage(): Promise<Page | undefined> {
    if (this.#token === undefined) return undefined;
    const page = await this.fetch(this.#token);
    this.#token = page.NextPageToken;
    return page;
  }
}
