/**
 * Amazon Ion for QLDB: binary in and out, Ion Hash, and JavaScript ⇄ Ion.
 *
 * @packageDocumentation
 */
export { IonBinaryError, IonConversionError, IonTextError } from './errors.js';
export { dot, ionHash } from './hash.js';
export { toJson } from './json.js';
export {
  fromIonBinary,
  type FromIonOptions,
  ionValues,
  toIonBinary,
} from './native.js';
export { formatIonText, parseIonText } from './text.js';
export {
  Decimal,
  IonAnnotated,
  IonClob,
  type IonEntry,
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
