import { IonAnnotated, IonStruct, type IonValue } from '../../ion/value.js';

/**
 * The fields of a struct whose innermost annotation is `tag`, if it has no
 * others than the `names`. This is how a value travels that no type of Ion is
 * made for.
 */
export function taggedStruct(
  value: IonValue,
  tag: string,
  names: readonly string[],
): IonStruct | undefined {
  if (!(value instanceof IonAnnotated)) return undefined;
  if (value.annotations.at(-1) !== tag) return undefined;
  const struct = value.value;
  if (!(struct instanceof IonStruct)) return undefined;
  const known = names.filter((name) => struct.has(name));
  return known.length === struct.size ? struct : undefined;
}

/** An int from `least` to `greatest`; undefined for any other value. */
export function intBetween(
  value: IonValue | undefined,
  least: number,
  greatest: number,
): number | undefined {
  return typeof value === 'number' && value >= least && value <= greatest
    ? value
    : undefined;
}
