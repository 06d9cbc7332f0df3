import {
  type IonType,
  IonTypes,
  makeReader,
  makeTextWriter,
  type Reader,
  type Writer,
} from 'ion-js';
import { IonTextError, knownText } from './errors.js';
import {
  Decimal,
  IonAnnotated,
  IonClob,
  type IonField,
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
  try {
    return readAll(makeReader(text));
  } catch (cause) {
    throw new IonTextError('ion-js cannot read it', { cause });
  }
}

function readAll(reader: Reader): IonValue[] {
  const values: IonValue[] = [];
  for (let type = reader.next(); type !== null; type = reader.next()) {
    values.push(readAnnotated(reader, type));
  }
  return values;
}

function readAnnotated(reader: Reader, type: IonType): IonValue {
  const annotations = reader.annotations();
  const value = readValue(reader, type);
  return annotations.length === 0
    ? value
    : new IonAnnotated(annotations, value);
}

function readValue(
  reader: Reader,
  type: IonType,
): Exclude<IonValue, IonAnnotated> {
  if (type === IonTypes.NULL) return null;
  if (reader.isNull()) {
    return new IonNull(type.name as Exclude<IonTypeName, 'null'>);
  }
  switch (type) {
    case IonTypes.BOOL:
      return reader.booleanValue();
    case IonTypes.INT: {
      const int = reader.bigIntValue() as bigint;
      const number = Number(int);
      return Number.isSafeInteger(number) ? number : int;
    }
    case IonTypes.FLOAT:
      return new IonFloat(reader.numberValue() as number);
    case IonTypes.DECIMAL:
      return reader.decimalValue();
    case IonTypes.TIMESTAMP:
      return reader.timestampValue();
    case IonTypes.SYMBOL:
      return new IonSymbol(reader.stringValue());
    case IonTypes.STRING:
      return reader.stringValue();
    case IonTypes.CLOB:
      return new IonClob(reader.uInt8ArrayValue() as Uint8Array);
    case IonTypes.BLOB:
      return reader.uInt8ArrayValue();
    case IonTypes.STRUCT:
      return readStruct(reader);
    default: {
      reader.stepIn();
      const items = readAll(reader);
      reader.stepOut();
      return type === IonTypes.SEXP ? new IonSexp(items) : items;
    }
  }
}

function readStruct(reader: Reader): IonStruct {
  const fields: IonField[] = [];
  reader.stepIn();
  for (let type = reader.next(); type !== null; type = reader.next()) {
    // fieldName() is of the value before it was read
    const name = reader.fieldName() as string;
    fields.push([name, readAnnotated(reader, type)]);
  }
  reader.stepOut();
  return IonStruct.of(fields);
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
