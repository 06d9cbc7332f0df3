import { isDecimal, isTimestamp } from './javascript-types.js';

/**
 * A native value in a form that `JSON.stringify` keeps whole. JSON itself would
 * round decimals, refuse bigints, and spell bytes out one by one.
 *
 * | value                        | JSON                                       |
 * | ---------------------------- | ------------------------------------------ |
 * | `Decimal`                    | string with all its digits, `"442.30"`     |
 * | bigint                       | string                                     |
 * | `NaN`, `±Infinity`           | string, `"NaN"`                            |
 * | `Date`, `Timestamp`          | string, `"2019-04-17T00:00:00.000Z"`       |
 * | `Uint8Array`                 | string in base64                           |
 * | array, plain object          | the same of what is in them                |
 * | anything else                | as it is                                   |
 *
 * @example
 * JSON.stringify(toJson({ Balance: new Decimal('13.00') })); // '{"Balance":"13.00"}'
 */
export function toJson(value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString();
  if (typeof value === 'number')
    return Number.isFinite(value) ? value : String(value);
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (isDecimal(value) || isTimestamp(value)) return value.toString();
  if (Array.isArray(value)) return value.map(toJson);
  if ('toJSON' in value) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, field]) => [name, toJson(field)]),
  );
}
