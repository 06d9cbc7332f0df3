import {
  boolArray,
  byteaArray,
  idArray,
  int4Array,
  int8Array,
  jsonbArray,
} from './binary-array.js';

/** A column of rows: one for each of its values. */
export type Column =
  | { readonly type: 'int8' | 'int4'; readonly values: readonly number[] }
  | { readonly type: 'text'; readonly values: readonly string[] }
  | { readonly type: 'jsonb'; readonly values: readonly (string | null)[] }
  | {
      readonly type: 'bytea';
      readonly values: readonly (Uint8Array | null | undefined)[];
    }
  | { readonly type: 'bool'; readonly values: readonly boolean[] };

/** A column as one parameter. */
export function arrayOf(column: Column): Buffer {
  switch (column.type) {
    case 'int8':
      return int8Array(column.values);
    case 'int4':
      return int4Array(column.values);
    case 'text':
      return idArray(column.values);
    case 'jsonb':
      return jsonbArray(column.values);
    case 'bytea':
      return byteaArray(column.values);
    case 'bool':
      return boolArray(column.values);
  }
}

export const int8 = (values: readonly number[]): Column => ({
  type: 'int8',
  values,
});
export const int4 = (values: readonly number[]): Column => ({
  type: 'int4',
  values,
});
export const text = (values: readonly string[]): Column => ({
  type: 'text',
  values,
});
export const jsonb = (values: readonly (string | null)[]): Column => ({
  type: 'jsonb',
  values,
});
export const bytea = (
  values: readonly (Uint8Array | null | undefined)[],
): Column => ({ type: 'bytea', values });
export const bool = (values: readonly boolean[]): Column => ({
  type: 'bool',
  values,
});
