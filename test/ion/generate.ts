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
} from '../../lib/ion/value.js';

/** Makes values from a random generator of numbers from 0 up to 1. */
export class Generator {
  constructor(readonly random: () => number) {}

  int(limit: number): number {
    return Math.floor(this.random() * limit);
  }

  pick<T>(items: readonly T[]): T {
    return items[this.int(items.length)];
  }

  times<T>(count: number, make: () => T): T[] {
    return Array.from({ length: count }, make);
  }

  /** Any value: scalars, containers down to `depth`, annotations. */
  value(depth = 4): IonValue {
    const value = this.#bare(depth);
    if (this.random() < 0.9) return value;
    return new IonAnnotated(
      this.times(1 + this.int(3), () => this.text()),
      value,
    );
  }

  struct(depth = 4): IonStruct {
    return IonStruct.of(
      this.times(this.int(this.pick([3, 8, 20])), (): IonField => [
        this.text(),
        this.value(depth - 1),
      ]),
    );
  }

  #bare(depth: number): Exclude<IonValue, IonAnnotated> {
    const kind = this.int(depth > 0 ? 16 : 12);
    switch (kind) {
      case 0:
        return null;
      case 1:
        return this.random() < 0.5;
      case 2:
      case 3:
        return this.integer();
      case 4:
        return new IonFloat(this.float());
      case 5:
        return this.decimal();
      case 6:
        return this.timestamp();
      case 7:
        return new IonSymbol(this.text());
      case 8:
        return this.text();
      case 9:
        return this.bytes();
      case 10:
        return new IonClob(this.bytes());
      case 11:
        return new IonNull(this.pick(NULL_TYPES));
      case 12:
        return this.times(this.int(5), () => this.value(depth - 1));
      case 13:
        return new IonSexp(
          this.times(this.int(5), () => this.value(depth - 1)),
        );
      default:
        return this.struct(depth);
    }
  }

  integer(): number | bigint {
    const bits = this.pick([4, 8, 16, 31, 32, 33, 52, 53, 54, 63, 64, 65, 200]);
    let value = 0n;
    for (let i = 0; i < bits; i++) value = value * 2n + BigInt(this.int(2));
    if (this.random() < 0.5) value = -value;
    const number = Number(value);
    return Number.isSafeInteger(number) ? number + 0 : value;
  }

  float(): number {
    return this.pick([
      () => 0,
      () => -0,
      () => NaN,
      () => Infinity,
      () => -Infinity,
      () => Number.MIN_VALUE,
      () => Number.MAX_VALUE,
      () => this.int(1000),
      () => this.random(),
      () => (this.random() - 0.5) * 10 ** (this.int(600) - 300),
    ])();
  }

  decimal(): Decimal {
    const integer = BigInt(this.integer());
    const negative = integer < 0n || (integer === 0n && this.random() < 0.5);
    return new Decimal(
      integer,
      this.pick([0, 0, -2, -9, 3, -40, 100]),
      negative,
    );
  }

  timestamp(): Timestamp {
    const pad = (n: number, width = 2) => String(n).padStart(width, '0');
    const year = pad(
      this.pick([1, 2, 99, 1000, 1969, 1970, 2019, 2024, 9998]),
      4,
    );
    const month = pad(1 + this.int(12));
    const day = pad(1 + this.int(28));
    const offset = this.pick([
      'Z',
      '-00:00',
      '+00:00',
      '-08:00',
      '+23:59',
      '+05:30',
      '-23:59',
    ]);
    const minute = `${year}-${month}-${day}T${pad(this.int(24))}:${pad(this.int(60))}`;
    const second = `${minute}:${pad(this.int(60))}`;
    const digits = this.times(1 + this.int(this.pick([3, 9, 20])), () =>
      this.int(10),
    );
    const text = this.pick([
      `${year}T`,
      `${year}-${month}T`,
      `${year}-${month}-${day}`,
      minute + offset,
      second + offset,
      `${second}.${digits.join('')}${offset}`,
    ]);
    // The first and the last day of all would leave the years 1 to 9999.
    return Timestamp.parse(
      text.replace('0001-01-01', '0001-02-01'),
    ) as Timestamp;
  }

  text(): string {
    return this.pick([
      () =>
        this.pick(['', 'name', 'VIN', 'symbols', '__proto__', '$ion', 'a b']),
      () => `f${this.int(30)}`,
      () =>
        'x'.repeat(this.pick([12, 13, 14, 15, 47, 48, 49, 126, 127, 128, 129])),
      () =>
        this.pick([
          'é',
          'Straße',
          '世界',
          '𝄞',
          '\u0000\u000b\f\u000e',
          '\uFFFD',
          '"\\\'',
        ]),
      () => `${'y'.repeat(this.int(60))}${this.pick(['ü', '€', '😀'])}`,
    ])();
  }

  bytes(): Uint8Array {
    const length = this.pick([0, 1, 5, 13, 14, 33, 200]);
    return Uint8Array.from({ length }, () =>
      this.random() < 0.2 ? this.pick([11, 12, 14]) : this.int(256),
    );
  }
}

const NULL_TYPES: readonly Exclude<IonTypeName, 'null'>[] = [
  'bool',
  'int',
  'float',
  'decimal',
  'timestamp',
  'symbol',
  'string',
  'clob',
  'blob',
  'list',
  'sexp',
  'struct',
];
