import { BadRequestException } from '@nestjs/common';

/** What a vehicle is registered with. */
export interface NewVehicle {
  readonly VIN: string;
  readonly Type: string;
  readonly Year: number;
  readonly Make: string;
  readonly Model: string;
  readonly Color: string;
  readonly LicensePlateNumber: string;
  readonly State: string;
  readonly City: string;
  /** GovId of the owner. */
  readonly Owner: string;
}

/** What a vehicle is handed over with. */
export interface Transfer {
  /** GovId of the new owner. */
  readonly To: string;
  /** GovId of the present owner, to be sure that it is still the same. */
  readonly From?: string;
}

const TEXTS = [
  'VIN',
  'Type',
  'Make',
  'Model',
  'Color',
  'LicensePlateNumber',
  'State',
  'City',
  'Owner',
] as const;

/** 17 characters; I, O and Q would be mistaken for digits. */
const VIN = /^[A-HJ-NPR-Z0-9]{17}$/;

/** @throws BadRequestException naming everything that is wrong */
export function parseNewVehicle(body: unknown): NewVehicle {
  const fields = fieldsOf(body);
  const problems = TEXTS.filter((field) => !isText(fields[field])).map(
    (field) => `${field} is missing, or is no text of 1 to 100 characters`,
  );
  if (isText(fields.VIN) && !VIN.test(fields.VIN))
    problems.push('VIN has 17 capital letters (not I, O, Q) and digits');
  const year = fields.Year;
  if (!Number.isInteger(year) || Number(year) < 1886 || Number(year) > 2100)
    problems.push('Year is a whole number from 1886 to 2100');
  if (problems.length > 0) throw new BadRequestException(problems);
  return Object.fromEntries(
    [...TEXTS, 'Year'].map((field) => [field, fields[field]]),
  ) as unknown as NewVehicle;
}

/** @throws BadRequestException */
export function parseTransfer(body: unknown): Transfer {
  const { To, From } = fieldsOf(body);
  if (isText(To) && From === undefined) return { To };
  if (isText(To) && isText(From)) return { To, From };
  throw new BadRequestException(
    'To is the GovId of the new owner; From, if given, that of the present one.',
  );
}

function fieldsOf(body: unknown): Readonly<Record<string, unknown>> {
  if (typeof body === 'object' && body !== null) return { ...body };
  throw new BadRequestException(
    'Send a JSON object, with the header "Content-Type: application/json".',
  );
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= 100;
}
