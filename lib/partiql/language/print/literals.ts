import { decimalText, textOf } from '../../../ion/text-writer.js';
import { Decimal, type IonValue } from '../../../ion/value.js';
import type * as Ast from '../ast.js';

/** A literal, in the form that reads back as the same value of the same type. */
export function literalText(value: IonValue): string {
  if (typeof value === 'string') return stringText(value);
  if (typeof value === 'boolean') return value ? 'TRUE' : 'FALSE';
  if (typeof value === 'number') return `${value}`;
  if (value === null) return 'NULL';
  // A sign before it would be an operator.
  if (typeof value === 'bigint' && value >= 0n) return `${value}`;
  return value instanceof Decimal && !value.isNegative()
    ? decimalText(value, 'd').replace('d', 'e')
    : ionText(value);
}

/** A value as an Ion literal, in backticks. */
export function ionText(value: IonValue): string {
  return `\`${textOf(value, '$0')}\``;
}

export function stringText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** Whether a literal is written with digits or a sign, so that a point behind it would belong to it. */
export function isNumeral(node: Ast.LiteralNode): boolean {
  const { value } = node;
  return (
    typeof value === 'number' ||
    typeof value === 'bigint' ||
    value instanceof Decimal
  );
}

/** Type : TypeName ( `(` Integer ( `,` Integer )? `)` )? ( ( WITH | WITHOUT ) TIME ZONE )?, or INTERVAL and its fields */
export function typeText(type: Ast.TypeNode): string {
  const { name, parameters, zone, qualifier } = type;
  if (qualifier !== undefined) return `${name} ${qualifierText(qualifier)}`;
  const digits = digitsText(parameters);
  if (zone === undefined) return name + digits;
  return `${name}${digits} ${zone ? 'WITH' : 'WITHOUT'} TIME ZONE`;
}

/** `DATE '2024-02-29'`; the fields of an interval stand behind its text. */
export function dateTimeText({ type, text }: Ast.DateTimeNode): string {
  const quoted = stringText(text);
  return type.qualifier === undefined
    ? `${typeText(type)} ${quoted}`
    : `${type.name} ${quoted} ${qualifierText(type.qualifier)}`;
}

function qualifierText(qualifier: Ast.IntervalQualifier): string {
  const { from, to, precision, fraction } = qualifier;
  if (to === undefined) return from + digitsText([precision, fraction]);
  return `${from}${digitsText([precision])} TO ${to}${digitsText([fraction])}`;
}

function digitsText(digits: readonly (number | undefined)[]): string {
  const given = digits.filter((count) => count !== undefined);
  return given.length === 0 ? '' : `(${given.join(', ')})`;
}
