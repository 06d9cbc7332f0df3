import { dom, IonTypes } from 'ion-js';
import { knownText } from './errors.js';
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

/** An Ion value as a value of the ion-js DOM, without loss. */
export function toDom(value: IonValue, annotations: string[] = []): dom.Value {
  if (typeof value === 'string') return new dom.String(value, annotations);
  if (typeof value === 'number' || typeof value === 'bigint') {
    return new dom.Integer(value, annotations);
  }
  if (typeof value === 'boolean') return new dom.Boolean(value, annotations);
  if (value === null) return new dom.Null(IonTypes.NULL, annotations);
  if (value instanceof IonStruct) return domStruct(value, annotations);
  if (value instanceof Uint8Array) return new dom.Blob(value, annotations);
  if (value instanceof Decimal) return new dom.Decimal(value, annotations);
  if (value instanceof Timestamp) return new dom.Timestamp(value, annotations);
  if (value instanceof IonNull) {
    const type = value.type.toUpperCase() as Uppercase<IonTypeName>;
    return new dom.Null(IonTypes[type], annotations);
  }
  if (value instanceof IonFloat) return new dom.Float(value.value, annotations);
  if (value instanceof IonSymbol) {
    return new dom.Symbol(knownText(value.text), annotations);
  }
  if (value instanceof IonClob) return new dom.Clob(value.bytes, annotations);
  if (value instanceof IonSexp) {
    return new dom.SExpression(domItems(value.items), annotations);
  }
  if (value instanceof IonAnnotated) {
    return toDom(value.value, value.annotations.map(knownText));
  }
  return new dom.List(domItems(value), annotations);
}

function domItems(items: readonly IonValue[]): dom.Value[] {
  return items.map((item) => toDom(item));
}

function domStruct(struct: IonStruct, annotations: string[]): dom.Value {
  const fields = new Map<string, dom.Value[]>();
  for (const [name, value] of struct.fields()) {
    const values = fields.get(name);
    if (values) values.push(toDom(value));
    else fields.set(name, [toDom(value)]);
  }
  return new dom.Struct(fields.entries(), annotations);
}
