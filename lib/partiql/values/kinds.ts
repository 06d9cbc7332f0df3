import {
  Decimal,
  IonAnnotated,
  IonClob,
  IonFloat,
  IonNull,
  IonSexp,
  IonStruct,
  IonSymbol,
  Timestamp,
  type IonField,
  type IonValue,
} from '../../ion/value.js';
import { DATE_TAG, dateOf } from './dates.js';
import { DAY_TIME_TAG, intervalOf, YEAR_MONTH_TAG } from './intervals.js';
import { TIME_TAG, timeOf } from './times.js';

class Missing extends IonNull {
  constructor() {
    super('struct');
  }
}

/**
 * The value of what is not there. It lives inside this room only: a field whose
 * value it is, is left out of its struct; an element of a list is sent as null.
 * Its class is that of a null, so that `IS NULL` holds for it by itself.
 */
export const MISSING: IonNull = new Missing();

/** An unordered collection. Outside this room it is the list that it extends. */
export class Bag extends Array<IonValue> {
  /** `map` and its kin make plain arrays: a bag is only ever made on purpose. */
  static override get [Symbol.species](): ArrayConstructor {
    return Array;
  }
}

/** Null is a value: only what is not there at all is MISSING. */
export function orMissing(value: IonValue | undefined): IonValue {
  return value === undefined ? MISSING : value;
}

/** A bag of these values. */
export function bagOf(items: Iterable<IonValue>): Bag {
  const bag = new Bag();
  for (const item of items) bag.push(item);
  return bag;
}

/**
 * The kinds of values, in the order in which values of different kinds sort.
 * A DATE is of the kind of timestamps, because it compares with them: as its
 * midnight in UTC.
 */
export const Kind = {
  Unknown: 0,
  Bool: 1,
  Number: 2,
  Timestamp: 3,
  Time: 4,
  YearMonthInterval: 5,
  DayTimeInterval: 6,
  Text: 7,
  Lob: 8,
  List: 9,
  Sexp: 10,
  Struct: 11,
  Bag: 12,
} as const;
export type Kind = (typeof Kind)[keyof typeof Kind];

/** A value of kind Number. */
export type Numeric = number | bigint | Decimal | IonFloat;

/** Kind of a value; its annotations do not matter, save those that are its type. */
export function kindOf(value: IonValue): Kind {
  if (typeof value === 'string') return Kind.Text;
  if (typeof value === 'number' || typeof value === 'bigint') {
    return Kind.Number;
  }
  if (typeof value === 'boolean') return Kind.Bool;
  if (value === null || value instanceof IonNull) return Kind.Unknown;
  if (value instanceof IonStruct) return Kind.Struct;
  if (value instanceof Decimal || value instanceof IonFloat) return Kind.Number;
  if (value instanceof Timestamp) return Kind.Timestamp;
  if (Array.isArray(value)) return value instanceof Bag ? Kind.Bag : Kind.List;
  if (value instanceof IonSymbol) return Kind.Text;
  if (value instanceof IonAnnotated) {
    return dateTimeKind(value) ?? kindOf(value.value);
  }
  if (value instanceof Uint8Array || value instanceof IonClob) return Kind.Lob;
  return Kind.Sexp;
}

/** Kind of a value that an annotation makes a DATE, a TIME or an INTERVAL. */
function dateTimeKind(value: IonAnnotated): Kind | undefined {
  switch (value.annotations.at(-1) ?? '') {
    case DATE_TAG:
      return dateOf(value) && Kind.Timestamp;
    case TIME_TAG:
      return timeOf(value) && Kind.Time;
    case YEAR_MONTH_TAG:
      return intervalOf(value) && Kind.YearMonthInterval;
    case DAY_TIME_TAG:
      return intervalOf(value) && Kind.DayTimeInterval;
    default:
      return undefined;
  }
}

/** The value without its annotations. A DATE, a TIME and an INTERVAL keep theirs: without it they would be structs. */
export function bare(value: IonValue): IonValue {
  if (!(value instanceof IonAnnotated)) return value;
  return dateTimeKind(value) === undefined ? value.value : value;
}

/** Whether a value is MISSING, null or a typed null. */
export function isUnknown(value: IonValue): boolean {
  return (
    value === null ||
    value instanceof IonNull ||
    (value instanceof IonAnnotated && isUnknown(value.value))
  );
}

/** Text of a string or a symbol; undefined for any other value. */
export function textOf(value: IonValue): string | undefined {
  if (typeof value === 'string') return value;
  if (value instanceof IonSymbol) return value.text ?? '';
  return value instanceof IonAnnotated ? textOf(value.value) : undefined;
}

/** The value if it is a number, else undefined. */
export function numericOf(value: IonValue): Numeric | undefined {
  if (typeof value === 'number' || typeof value === 'bigint') return value;
  if (value instanceof Decimal || value instanceof IonFloat) return value;
  return value instanceof IonAnnotated ? numericOf(value.value) : undefined;
}

/** The value if it is a struct, else undefined. */
export function structOf(value: IonValue): IonStruct | undefined {
  if (value instanceof IonStruct) return value;
  const plain = bare(value);
  return plain instanceof IonStruct ? plain : undefined;
}

/** Elements of a list, a bag or an S-expression; undefined for any other value. */
export function itemsOf(value: IonValue): readonly IonValue[] | undefined {
  const plain = bare(value);
  if (Array.isArray(plain)) return plain as readonly IonValue[];
  return plain instanceof IonSexp ? plain.items : undefined;
}

/** Bytes of a blob or a clob; undefined for any other value. */
export function bytesOf(value: IonValue): Uint8Array | undefined {
  const plain = bare(value);
  if (plain instanceof Uint8Array) return plain;
  return plain instanceof IonClob ? plain.bytes : undefined;
}

/** Name of a value's type, as messages give it. */
export function typeNameOf(value: IonValue): string {
  const plain = bare(value);
  if (plain === MISSING) return 'MISSING';
  switch (kindOf(plain)) {
    case Kind.Unknown:
      return 'NULL';
    case Kind.Bool:
      return 'BOOL';
    case Kind.Number:
      if (plain instanceof Decimal) return 'DECIMAL';
      return plain instanceof IonFloat ? 'FLOAT' : 'INT';
    case Kind.Timestamp:
      return dateOf(plain) === undefined ? 'TIMESTAMP' : 'DATE';
    case Kind.Time:
      return 'TIME';
    case Kind.YearMonthInterval:
    case Kind.DayTimeInterval:
      return 'INTERVAL';
    case Kind.Text:
      return plain instanceof IonSymbol ? 'SYMBOL' : 'STRING';
    case Kind.Lob:
      return plain instanceof IonClob ? 'CLOB' : 'BLOB';
    case Kind.List:
      return 'LIST';
    case Kind.Sexp:
      return 'SEXP';
    case Kind.Struct:
      return 'STRUCT';
    case Kind.Bag:
      return 'BAG';
  }
}

/**
 * A value as it leaves this room: MISSING is left out of structs and bags, and
 * is null in a list. Undefined for MISSING itself.
 */
export function sealed(value: IonValue): IonValue | undefined {
  if (value === MISSING) return undefined;
  if (Array.isArray(value)) {
    const isBag = value instanceof Bag;
    let changed: boolean = isBag;
    const items: IonValue[] = [];
    for (const item of value as readonly IonValue[]) {
      const result = sealed(item);
      changed ||= result !== item;
      if (result !== undefined) items.push(result);
      else if (!isBag) items.push(null);
    }
    return changed ? items : value;
  }
  if (value instanceof IonStruct) {
    let changed = false;
    const fields: IonField[] = [];
    for (const [name, field] of value) {
      const result = sealed(field);
      changed ||= result !== field;
      if (result !== undefined) fields.push([name, result]);
    }
    // An untouched struct keeps its bytes.
    return changed ? IonStruct.of(fields) : value;
  }
  if (value instanceof IonSexp) {
    return new IonSexp(value.items.map((item) => sealed(item) ?? null));
  }
  return value;
}
