import { IonTextError } from './errors.js';
import { IonTextReader } from './text-reader.js';
import { textOf } from './text-writer.js';
import type { IonValue } from './value.js';

/**
 * The one value of an Ion text.
 *
 * @throws IonTextError if the text is not valid Ion, or holds no value or more than one.
 *
 * @example
 * ```ts
 * const revision = parseIonText('{ metadata: { id: "9FBJ", version: 0 } }');
 * const bytes = toIonBinary(revision);
 * ```
 */
export function parseIonText(text: string): IonValue {
  const values = parseIonTextSequence(text);
  const [value] = values;
  if (values.length !== 1 || value === undefined) {
    throw new IonTextError(
      `there ${values.length === 1 ? 'is' : 'are'} ${values.length} values where one is expected`,
    );
  }
  return value;
}

/**
 * All values of an Ion text in their order.
 *
 * @throws IonTextError if the text is not valid Ion.
 */
export function parseIonTextSequence(text: string): IonValue[] {
  const reader = new IonTextReader(text);
  const values: IonValue[] = [];
  for (let value = reader.next(); value !== undefined; value = reader.next())
    values.push(value);
  return values;
}

/**
 * A value as Ion text, on one line.
 *
 * @throws IonConversionError if a symbol has no known text (`$0`).
 *
 * @example
 * ```ts
 * formatIonText(parseIonText('{ at: 2019-12-11T07:20:51.245Z, fee: 90.250 }'));
 * // '{at:2019-12-11T07:20:51.245Z,fee:90.250}'
 * ```
 */
export function formatIonText(value: IonValue): string {
  return textOf(value);
}
