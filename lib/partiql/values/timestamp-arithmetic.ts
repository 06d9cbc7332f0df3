import type { IonValue, Timestamp } from '../../ion/value.js';
import { DataFault } from '../errors.js';
import { dateOfDay, dayNumber } from './calendar.js';
import { instantOf, timestampOf, type TimestampFields } from './timestamps.js';

const DAY = 86_400;

/** Seconds since 1970 of the whole second, as a clock in the timestamp's own offset counts them. */
export function localSeconds(fields: TimestampFields): number {
  const { hour, minute, second } = fields;
  return dayNumber(fields) * DAY + hour * 3600 + minute * 60 + second;
}

/** The timestamp so many seconds later; its fields are NaN where JavaScript's calendar has ended. */
export function addSeconds(
  fields: TimestampFields,
  count: number,
): TimestampFields {
  const seconds = localSeconds(fields) + count;
  const days = Math.floor(seconds / DAY);
  const rest = seconds - days * DAY;
  return {
    ...fields,
    ...dateOfDay(days),
    hour: Math.floor(rest / 3600),
    minute: Math.floor(rest / 60) % 60,
    second: rest % 60,
  };
}

/** The instant in UTC, with nothing cut off. */
export function utcFields(fields: TimestampFields): TimestampFields {
  return addSeconds(fields, -fields.offset * 60);
}

/** The timestamp so many nanoseconds later. Its fraction keeps its digits, and gets those that it needs. */
export function addNanos(
  fields: TimestampFields,
  nanos: bigint,
): TimestampFields {
  const digits = Math.max(9, fields.fraction.length);
  const second = 10n ** BigInt(digits);
  const sum =
    BigInt(fields.fraction.padEnd(digits, '0')) +
    nanos * 10n ** BigInt(digits - 9);
  const rest = ((sum % second) + second) % second;
  const seconds = (sum - rest) / second;
  const text = rest.toString().padStart(digits, '0');
  const needed = text.replace(/0+$/, '').length;
  return {
    ...addSeconds(fields, Number(seconds)),
    fraction: text.slice(0, Math.max(needed, fields.fraction.length)),
  };
}

/** The timestamp with at most so many digits behind its seconds; half of a last digit is rounded up. */
export function roundFraction(
  fields: TimestampFields,
  digits: number,
): TimestampFields {
  const { fraction } = fields;
  if (fraction.length <= digits) return fields;
  const kept = fraction.slice(0, digits);
  if (fraction.charAt(digits) < '5') return { ...fields, fraction: kept };
  const next = (BigInt(`1${kept}`) + 1n).toString();
  const carried = next.startsWith('2');
  return {
    ...(carried ? addSeconds(fields, 1) : fields),
    fraction: next.slice(1),
  };
}

/** Whether there is a timestamp of these fields: its year is one of Ion's, in its own offset and in UTC. */
export function isWithin(fields: TimestampFields): boolean {
  // ion-js rounds to milliseconds on its way, and will not end in the year 10000.
  const rounded = utcFields(addNanos(fields, 500_000n));
  return (
    fields.year >= 1 &&
    fields.year <= 9999 &&
    utcFields(fields).year >= 1 &&
    rounded.year <= 9999
  );
}

/** A timestamp with these fields, if there is one. */
export function timestampWithin(fields: TimestampFields): Timestamp {
  if (isWithin(fields)) return timestampOf(fields);
  throw new DataFault('the years of a TIMESTAMP are 0001 to 9999');
}

/** Nanoseconds from one timestamp or date to another. */
export function nanosBetween(from: IonValue, to: IonValue): bigint {
  return epochNanos(to) - epochNanos(from);
}

/** Nanoseconds since 1970; what is finer is cut off. */
function epochNanos(value: IonValue): bigint {
  const [seconds, fraction] = instantOf(value);
  return (
    BigInt(seconds) * 1_000_000_000n +
    BigInt(fraction.slice(0, 9).padEnd(9, '0'))
  );
}
