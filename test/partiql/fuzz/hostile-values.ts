import type { Random } from '../../contract/random.js';
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
  type IonValue,
} from '../../../lib/ion/value.js';

/** Stands in every text of a row and of a parameter: no message may show it. */
export const SECRET = 'zq9secret';

function nested(depth: number, wrap: (value: IonValue) => IonValue): IonValue {
  let value: IonValue = 1;
  for (let left = depth; left > 0; left -= 1) value = wrap(value);
  return value;
}

const ORDINARY: readonly IonValue[] = [
  null,
  true,
  0,
  1,
  -7,
  SECRET,
  `${SECRET} a%`,
  'k',
  '',
  new IonSymbol('k'),
  new IonSymbol(''),
  new IonFloat(1.5),
  new IonFloat(NaN),
  new IonFloat(-Infinity),
  new Decimal(15n, -1),
  [1, 'a', null],
  IonStruct.of([
    ['k', 1],
    ['s', SECRET],
  ]),
  new Timestamp(0, 2024),
  new IonNull('int'),
  new Uint8Array([1, 2, 3]),
];

const HOSTILE: readonly IonValue[] = [
  SECRET.repeat(115_000),
  'é😀'.repeat(100_000),
  nested(50, (value) => [value]),
  nested(3000, (value) => [value]),
  nested(3000, (value) => IonStruct.of([['a', value]])),
  nested(28, (value) => [value, value]),
  nested(20, (value) =>
    IonStruct.of([
      ['a', value],
      ['b', value],
    ]),
  ),
  10n ** 40n,
  -(2n ** 400_000n),
  2n ** 63n,
  new Decimal(10n ** 2000n, -1000),
  new Decimal(3n ** 100_000n, 7),
  new Decimal(1n, 2_000_000_000),
  new Decimal(1n, -2_000_000_000),
  new Decimal(0n, 0, true),
  new IonFloat(Number.MAX_VALUE),
  new IonFloat(5e-324),
  new IonFloat(-0),
  new IonAnnotated(['a', null], 5),
  new IonAnnotated([SECRET], IonStruct.of([['k', 1]])),
  new IonAnnotated(['$d'], SECRET),
  IonStruct.of([
    ['k', 1],
    ['k', 2],
    ['', 3],
  ]),
  IonStruct.of([
    [null, 1],
    ['k', 2],
  ]),
  IonStruct.of(Array.from({ length: 20_000 }, (_, n) => [`f${n}`, n] as const)),
  new IonSymbol(null),
  new IonSexp([1, [SECRET], new IonSexp([])]),
  new IonClob(new Uint8Array(100_000)),
  new Uint8Array(1_000_000),
  Array.from({ length: 50_000 }, (_, n) => n % 100),
  Array.from({ length: 2000 }, (_, n) => IonStruct.of([['k', n]])),
  new Timestamp(-1439, 1, 1),
  new Timestamp(0, 9999, 12, 31, 23, 59, new Decimal(10n ** 60n - 1n, -59)),
];

/** Values for parameters, most of them small. */
export function hostileValue(random: Random): IonValue {
  return random.of(random.below(5) === 0 ? HOSTILE : ORDINARY);
}
