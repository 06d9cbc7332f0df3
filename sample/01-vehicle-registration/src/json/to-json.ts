import { Decimal } from 'nestjs-qldb/ion';

/**
 * What a ledger's values look like in this API, without losing anything:
 *
 * | value             | JSON                                        |
 * | ----------------- | ------------------------------------------- |
 * | decimal           | string with all its digits, `"442.30"`      |
 * | integer over 2^53 | string                                      |
 * | timestamp         | string, `"2019-04-17T00:00:00.000Z"`        |
 * | blob              | string in base64                            |
 */
export function toJson(value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString();
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Decimal) return value.toString();
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (Array.isArray(value)) return value.map(toJson);
  return Object.fromEntries(
    Object.entries(value).map(([name, field]) => [name, toJson(field)]),
  );
}
