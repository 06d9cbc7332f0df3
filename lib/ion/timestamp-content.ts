import { Layout } from './layout.js';
import { fromDate, type TimestampParts } from './timestamp.js';

const layout = new Layout(32);
let last: number | undefined;
let content: Uint8Array = layout.bytes.subarray(0, 0);

/**
 * The content of a timestamp in UTC with milliseconds. Valid until the next
 * call: what is written together mostly has one time.
 *
 * @param milliseconds - since the epoch, within the years 1 to 9999
 */
export function timestampContent(milliseconds: number): Uint8Array {
  if (milliseconds !== last) {
    layout.reset();
    layout.timestamp(fromDate(new Date(milliseconds)) as TimestampParts);
    content = layout.bytes.subarray(0, layout.pos);
    last = milliseconds;
  }
  return content;
}
