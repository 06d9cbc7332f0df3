import { Observable } from 'rxjs';

/**
 * A cold Observable over rows. No row is asked for before the last one was
 * taken, so a slow subscriber slows the reading down.
 *
 * @param onUnsubscribe Called when nobody wants the rows any more.
 */
export function observeRows<T>(
  rows: AsyncIterable<T>,
  onUnsubscribe?: () => void,
): Observable<T> {
  return new Observable<T>((subscriber) => {
    const pump = async (): Promise<void> => {
      for await (const row of rows) {
        if (subscriber.closed) return;
        subscriber.next(row);
        if (subscriber.closed) return;
      }
      subscriber.complete();
    };
    pump().catch((error: unknown) => subscriber.error(error));
    return onUnsubscribe;
  });
}
