import { Decimal } from 'nestjs-qldb/ion';

/** Decimals are strings in JSON, because a number would lose digits; blobs are base64. */
export function toJson(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Decimal) return value.toString();
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (Array.isArray(value)) return value.map(toJson);
  return Object.fromEntries(
    Object.entries(value).map(([name, field]) => [name, toJson(field)]),
  );
}
