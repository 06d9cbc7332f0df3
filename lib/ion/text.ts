import { type IonType, IonTypes, makeTextWriter, type Writer } from 'ion-js';
import { IonTextError, knownText } from './errors.js';
import { IonTextReader } from './text-reader.js';
import {
  Decimal,
  IonAnnotated,
  IonClob,
  IonFloat,
  IonNull,
  IonSexp,
  IonStruct,
  IonSymbol,
  type IonTypeName,
  type IonValue,
  Timestamp,
} from './value.js';

/**
 * The one value of an Ion text.
 *
 * @throws IonTextError if the text is not valid Ion, or holds no value or more than one.
 *
 * @example
 * ```ts
 * const revision = parseIonText('{ metadata: { id: "9FBJ", version: 0 } }');
 * const bytes = toIonBinary(revision);
 * ```
 */
export function parseIonText(text: string): IonValue {
  const values = parseIonTextSequence(text);
  const [value] = values;
  if (values.length !== 1 || value === undefined) {
    throw new IonTextError(
      `there ${values.length === 1 ? 'is' : 'are'} ${values.length} values where one is expected`,
    );
  }
  return value;
}

/**
 * All values of an Ion text in their order.
 *
 * @throws IonTextError if the text is not valid Ion.
 */
export function parseIonTextSequence(text: string): IonValue[] {
  const reader = new IonTextReader(text);
  const values: IonValue[] = [];
  for (let value = reader.next(); value !== undefined; value = reader.next())
    values.push(value);
  return values;
}

/**
 * A value as Ion text, on one line.
 *
 * @throws IonConversionError if a symbol has no known text (`$0`).
 *
 * @example
 * ```ts
 * formatIonText(parseIonText('{ at: 2019-12-11T07:20:51.245Z, fee: 90.250 }'));
 * // '{at:2019-12-11T07:20:51.245Z,fee:90.250}'
 * ```
 */
export function formatIonText(value: IonValue): string {
  const writer = makeTextWriter();
  write(writer, value);
  writer.close();
  return Buffer.from(writer.getBytes()).toString();
}

function write(writer: Writer, value: IonValue): void {
  if (typeof value === 'string') return writer.writeString(value);
  if (typeof value === 'number' || typeof value === 'bigint') {
    return writer.writeInt(value);
  }
  if (typeof value === 'boolean') return writer.writeBoolean(value);
  if (value === null) return writer.writeNull(IonTypes.NULL);
  if (value instanceof IonStruct) return writeStruct(writer, value);
  if (value instanceof Uint8Array) return writer.writeBlob(value);
  if (value instanceof Decimal) return writer.writeDecimal(value);
  if (value instanceof Timestamp) return writer.writeTimestamp(value);
  if (value instanceof IonNull) {
    const type = value.type.toUpperCase() as Uppercase<IonTypeName>;
    return writer.writeNull(IonTypes[type]);
  }
  if (value instanceof IonFloat) return writer.writeFloat64(value.value);
  if (value instanceof IonSymbol) {
    return writer.writeSymbol(knownText(value.text));
  }
  if (value instanceof IonClob) return writer.writeClob(value.bytes);
  if (value instanceof IonSexp) {
    return writeItems(writer, IonTypes.SEXP, value.items);
  }
  if (value instanceof IonAnnotated) {
    writer.setAnnotations(value.annotations.map(knownText));
    return write(writer, value.value);
  }
  writeItems(writer, IonTypes.LIST, value);
}

function writeItems(
  writer: Writer,
  type: IonType,
  items: readonly IonValue[],
): void {
  writer.stepIn(type);
  for (const item of items) write(writer, item);
  writer.stepOut();
}

function writeStruct(writer: Writer, struct: IonStruct): void {
  writer.stepIn(IonTypes.STRUCT);
  for (const [name, value] of struct.fields()) {
    writer.writeFieldName(name);
    write(writer, value);
  }
  writer.stepOut();
}
