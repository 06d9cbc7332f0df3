import type { IonValue } from '../../ion/value.js';
import { EvaluationFault } from '../errors.js';
import type { Run } from '../plan/runtime.js';
import { spendText } from '../values/effort.js';
import { bytesOf } from '../values/kinds.js';
import {
  characterCount,
  charactersOf,
  sliceOf,
  trimmed,
} from './characters.js';
import { finder } from './text-search.js';
import {
  integerArgument,
  scalar,
  textArgument,
  type NamedFunction,
} from './scalar-function.js';

function charLength(name: string): NamedFunction {
  return scalar(name, 1, ([value]) =>
    characterCount(textArgument(name, value)),
  );
}

/**
 * `SUBSTRING(text, start [, length])`: positions count from 1; what lies before
 * the text counts, and is not there.
 */
function substring([value, from, count]: readonly IonValue[]): IonValue {
  const text = textArgument('substring', value);
  const begin = integerArgument('substring', from) - 1;
  const length =
    count === undefined ? Infinity : integerArgument('substring', count);
  if (length < 0) {
    throw new EvaluationFault(
      'Argument 3 of substring has to be greater than 0.',
    );
  }
  return sliceOf(text, begin, begin + length);
}

/** `TRIM([LEADING | TRAILING | BOTH] [set] FROM text)`: `set` is a set of characters. */
function trim(args: readonly IonValue[], side: string): IonValue {
  const text = textArgument('trim', args[0]);
  const set = new Set(args.length > 1 ? textArgument('trim', args[1]) : ' ');
  return trimmed(text, set, side);
}

/** `OVERLAY(text PLACING other FROM start [FOR length])` */
function overlay(args: readonly IonValue[], run: Run): IonValue {
  const text = textArgument('overlay', args[0]);
  const other = textArgument('overlay', args[1]);
  run.budget.admit(text.length + other.length);
  const start = integerArgument('overlay', args[2]);
  const length =
    args[3] === undefined
      ? characterCount(other)
      : integerArgument('overlay', args[3]);
  if (start < 1 || length < 0) {
    throw new EvaluationFault(
      'overlay needs a start of at least 1, and no negative length',
    );
  }
  return (
    sliceOf(text, 0, start - 1) + other + sliceOf(text, start - 1 + length)
  );
}

function byteLength(name: string, value: IonValue | undefined): number {
  const bytes = value === undefined ? undefined : bytesOf(value);
  return bytes?.length ?? Buffer.byteLength(textArgument(name, value), 'utf8');
}

/**
 * `TEXT_REPLACE(text, part, other)`: every part that is found from the left. An
 * empty part stands around every character.
 */
function replace(args: readonly IonValue[], run: Run): IonValue {
  const text = textArgument('text_replace', args[0]);
  const part = textArgument('text_replace', args[1]);
  const other = textArgument('text_replace', args[2]);
  const pieces =
    part === '' ? ['', ...charactersOf(text), ''] : text.split(part);
  spendText(text.length);
  run.budget.admit(text.length + (pieces.length - 1) * other.length);
  return pieces.join(other);
}

export const stringFunctions: readonly NamedFunction[] = [
  scalar('text_replace', 3, replace, ['text', 'text', 'text']),
  charLength('char_length'),
  charLength('character_length'),
  scalar('octet_length', 1, ([value]) => byteLength('octet_length', value)),
  scalar('bit_length', 1, ([value]) => byteLength('bit_length', value) * 8),
  scalar('lower', 1, ([value]) => textArgument('lower', value).toLowerCase()),
  scalar('upper', 1, ([value]) => textArgument('upper', value).toUpperCase()),
  scalar('substring', [2, 3], substring, ['text', 'int', 'int']),
  scalar('trim', [1, 2], (args, _, side) => trim(args, side), ['text', 'text']),
  scalar('overlay', [3, 4], overlay, ['text', 'text', 'int', 'int']),
  /** `POSITION(part IN text)`: from 1; 0 if it is not there. */
  scalar(
    'position',
    2,
    ([part, value]) => {
      const text = textArgument('position', value);
      const index = finder(textArgument('position', part))(text, 0);
      return index < 0 ? 0 : characterCount(text.slice(0, index)) + 1;
    },
    ['text', 'text'],
  ),
];
