import type { IonValue } from '../../ion/value.js';
import { itemsOf, structOf, textOf } from './kinds.js';

/** Bytes that a value takes if it is written out, roughly. */
export function sizeOf(value: IonValue): number {
  const items = itemsOf(value);
  if (items !== undefined) {
    return items.reduce<number>((sum, item) => sum + sizeOf(item), 16);
  }
  const struct = structOf(value);
  if (struct !== undefined) {
    return struct
      .fields()
      .reduce((sum, [name, field]) => sum + name.length + sizeOf(field), 16);
  }
  return 16 + (textOf(value)?.length ?? 0);
}
