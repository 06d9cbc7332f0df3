import type { IonValue } from '../../ion/value.js';
import { textOf } from '../values/kinds.js';
import { dateAdd, dateDiff } from './date-add.js';
import { extract } from './extract.js';
import {
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
          timestampArgument('to_string', value),
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
  scalar('txid', 0, (_, run) => run.transactionId),
];
