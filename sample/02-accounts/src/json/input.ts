import { BadRequestException } from '@nestjs/common';
import { Decimal } from 'nestjs-qldb/ion';

/** The fields of something that came as JSON. @throws BadRequestException */
export function fieldsOf(body: unknown): Readonly<Record<string, unknown>> {
  if (typeof body === 'object' && body !== null) return { ...body };
  throw new BadRequestException(
    'Send a JSON object, with the header "Content-Type: application/json".',
  );
}

/** @throws BadRequestException */
export function nameOf(value: unknown, field: string): string {
  if (typeof value === 'string' && /^[a-z0-9-]{1,40}$/.test(value))
    return value;
  throw new BadRequestException(
    `${field} has 1 to 40 small letters, digits and hyphens.`,
  );
}

/**
 * An amount of money, which is never a JSON number on its way here.
 *
 * @throws BadRequestException
 */
export function amountOf(value: unknown, field: string): Decimal {
  const amount =
    typeof value === 'string' && /^\d{1,12}\.\d\d$/.test(value)
      ? Decimal.parse(value)
      : null;
  if (amount) return amount;
  throw new BadRequestException(
    `${field} is a text with two decimals, such as "12.50".`,
  );
}

/** @throws BadRequestException */
export function countOf(value: unknown, field: string, most: number): number {
  if (Number.isInteger(value) && Number(value) >= 1 && Number(value) <= most)
    return Number(value);
  throw new BadRequestException(
    `${field} is a whole number from 1 to ${most}.`,
  );
}
