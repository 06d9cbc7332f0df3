import type { IonValue, Timestamp } from '../../ion/value.js';
import { dateOf } from '../values/dates.js';
import { textOf } from '../values/kinds.js';
import { dateAdd, dateDiff } from './date-add.js';
import {
  type DateTimeType,
  midnight,
  toDate,
  toTime,
  toTimestamp,
} from './date-time-cast.js';
import { extract } from './extract.js';
import {
  integerArgument,
  scalar,
  textArgument,
  timestampArgument,
  type NamedFunction,
} from './scalar-function.js';
import {
  checkParsable,
  formatTimestamp,
  parsePattern,
  parseTimestamp,
} from './timestamp-format.js';

function checkPattern(
  literal: IonValue | undefined,
  check: (pattern: string) => unknown,
): void {
  const pattern = literal === undefined ? undefined : textOf(literal);
  if (pattern !== undefined) check(pattern);
}

/** A timestamp, or the midnight that a date begins with. */
function timestampOrMidnight(
  name: string,
  value: IonValue | undefined,
): Timestamp {
  const date = dateOf(value ?? null);
  return date === undefined ? timestampArgument(name, value) : midnight(date);
}

/** The type of `CURRENT_TIME (digits)` and its kin. */
function typeOf(
  name: 'TIME' | 'TIMESTAMP',
  args: readonly IonValue[],
): DateTimeType {
  const parameters = args.map((digits) =>
    integerArgument(`current_${name.toLowerCase()}`, digits),
  );
  return { name, parameters };
}

export const dateTimeFunctions: readonly NamedFunction[] = [
  scalar('date_add', 2, (args, _, word) => dateAdd(args, word)),
  scalar('date_diff', 2, (args, _, word) => dateDiff(args, word)),
  scalar('extract', 1, (args, _, word) => extract(args, word)),
  [
    'to_string',
    {
      arity: [2, 2],
      check: ([, format]) => checkPattern(format, parsePattern),
      call: ([value, format]) =>
        formatTimestamp(
          timestampOrMidnight('to_string', value),
          textArgument('to_string', format),
        ),
    },
  ],
  [
    'to_timestamp',
    {
      arity: [1, 2],
      check: ([, format]) => checkPattern(format, checkParsable),
      call: ([value, format]) =>
        parseTimestamp(
          textArgument('to_timestamp', value),
          format === undefined
            ? undefined
            : textArgument('to_timestamp', format),
        ),
    },
  ],
  scalar('utcnow', 0, (_, run) => run.now()),
  scalar('current_date', 0, (_, run) => toDate(run.now())),
  scalar('current_time', [0, 1], (args, run) =>
    toTime(run.now(), typeOf('TIME', args)),
  ),
  scalar('current_timestamp', [0, 1], (args, run) =>
    toTimestamp(run.now(), typeOf('TIMESTAMP', args)),
  ),
  scalar('txid', 0, (_, run) => run.transactionId),
];
