import {
  Decimal,
  IonAnnotated,
  IonStruct,
  type IonValue,
} from '../../ion/value.js';
import { intBetween, taggedStruct } from './tagged-struct.js';

export const TIME_TAG = '$time';
const FIELDS = ['hour', 'minute', 'second', 'offset'];

export const NANOS = {
  second: 1e9,
  minute: 60e9,
  hour: 3600e9,
  day: 86_400e9,
} as const;

/** An offset stays below a whole day. */
export const MAX_OFFSET = 24 * 60 - 1;

/**
 * A TIME. As Ion it is `$time::{hour: 23, minute: 5, second: 59.5, offset: 330}`,
 * the offset in minutes east of UTC, or null for a TIME without a time zone.
 */
export class TimeValue extends IonAnnotated {
  constructor(
    /** Nanoseconds since midnight, at its own place; less than a day. */
    readonly nanos: number,
    /** Minutes east of UTC; undefined without a time zone. */
    readonly offset: number | undefined,
  ) {
    super(
      [TIME_TAG],
      IonStruct.of([
        ['hour', Math.floor(nanos / NANOS.hour)],
        ['minute', Math.floor(nanos / NANOS.minute) % 60],
        ['second', secondsOf(nanos % NANOS.minute)],
        ['offset', offset ?? null],
      ]),
    );
  }
}

/** Nanoseconds as seconds, with no more digits than they take. */
export function secondsOf(nanos: number): Decimal {
  let exponent = -9;
  let coefficient = nanos;
  while (exponent < 0 && coefficient % 10 === 0) {
    coefficient /= 10;
    exponent += 1;
  }
  return new Decimal(coefficient, exponent);
}

/** The time of day that a clock shows so many nanoseconds after midnight, which may be more than a day, or before it. */
export function timeOnClock(
  nanos: bigint,
  offset: number | undefined,
): TimeValue {
  const rest = Number(nanos % BigInt(NANOS.day));
  return new TimeValue(rest < 0 ? rest + NANOS.day : rest, offset);
}

/** The value as a TIME; undefined if it is none. */
export function timeOf(value: IonValue): TimeValue | undefined {
  if (value instanceof TimeValue) return value;
  const struct = taggedStruct(value, TIME_TAG, FIELDS);
  if (struct === undefined) return undefined;
  const hour = intBetween(struct.get('hour'), 0, 23);
  const minute = intBetween(struct.get('minute'), 0, 59);
  const second = nanosOf(struct.get('second'));
  const given = struct.get('offset') ?? null;
  const offset =
    given === null ? null : intBetween(given, -MAX_OFFSET, MAX_OFFSET);
  if (
    hour === undefined ||
    minute === undefined ||
    second === undefined ||
    offset === undefined
  ) {
    return undefined;
  }
  return new TimeValue(
    hour * NANOS.hour + minute * NANOS.minute + second,
    offset ?? undefined,
  );
}

/** Seconds of a minute as nanoseconds, if they are no finer. */
function nanosOf(value: IonValue | undefined): number | undefined {
  if (value instanceof Decimal) {
    const exponent = value.getExponent();
    if (exponent < -9 || exponent > 0) return undefined;
    const nanos = value.getCoefficient() * 10n ** BigInt(9 + exponent);
    return nanos >= 0n && nanos < 60_000_000_000n ? Number(nanos) : undefined;
  }
  const whole = intBetween(value, 0, 59);
  return whole === undefined ? undefined : whole * NANOS.second;
}

/** Nanoseconds since midnight in UTC, by which times compare: of a TIME without a zone as if it were of UTC. */
export function utcNanos({ nanos, offset = 0 }: TimeValue): number {
  return nanos - offset * NANOS.minute;
}

/** {@link utcNanos} of a value that is a TIME. */
export function clockOf(value: IonValue): number {
  const time = timeOf(value);
  return time === undefined ? 0 : utcNanos(time);
}
