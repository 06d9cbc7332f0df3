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

/** Type : TypeName ( `(` Integer ( `,` Integer )? `)` )? */
export function typeText({ name, parameters }: Ast.TypeNode): string {
  return parameters.length === 0 ? name : `${name}(${parameters.join(', ')})`;
}
