/** A small seeded random generator (mulberry32): numbers from 0 up to 1. */
export function randomOf(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Bytes that mean something in Ion binary. */
const TELLING = [
  0x00, 0x0e, 0x0f, 0x11, 0x1f, 0x20, 0x2e, 0x30, 0x31, 0x3f, 0x40, 0x44, 0x48,
  0x50, 0x5e, 0x60, 0x67, 0x6e, 0x70, 0x71, 0x7f, 0x80, 0x81, 0x83, 0x86, 0x87,
  0x8e, 0x9e, 0xae, 0xb0, 0xb1, 0xbe, 0xc0, 0xc1, 0xce, 0xd0, 0xd1, 0xde, 0xe0,
  0xe3, 0xee, 0xef, 0xf0, 0xff, 0x0b, 0x0c, 0x7e,
];

/** One of the seeds with a few faults put in. */
export function mutate(seeds, random) {
  const int = (n) => Math.floor(random() * n);
  const pick = () => seeds[int(seeds.length)];
  let bytes = Uint8Array.from(pick());
  for (let faults = 1 + int(4); faults > 0; faults--) {
    const at = int(bytes.length);
    switch (int(7)) {
      case 0:
        bytes[at] ^= 1 << int(8);
        break;
      case 1:
        bytes[at] = int(256);
        break;
      case 2:
        bytes[at] = TELLING[int(TELLING.length)];
        break;
      case 3:
        bytes = bytes.slice(0, at);
        break;
      case 4: {
        const inserted = Uint8Array.from({ length: 1 + int(4) }, () =>
          random() < 0.5 ? TELLING[int(TELLING.length)] : int(256),
        );
        bytes = concat(bytes.subarray(0, at), inserted, bytes.subarray(at));
        break;
      }
      case 5:
        bytes = concat(bytes.subarray(0, at), bytes.subarray(at + 1 + int(4)));
        break;
      default: {
        const other = pick();
        const from = int(other.length);
        const part = other.subarray(from, from + int(32));
        bytes = concat(bytes.subarray(0, at), part, bytes.subarray(at));
      }
    }
  }
  // Most faults in the version marker end the reading at once.
  if (random() < 0.9) bytes.set([0xe0, 1, 0, 0xea].slice(0, bytes.length));
  return bytes;
}

function concat(...parts) {
  return new Uint8Array(Buffer.concat(parts));
}

/**
 * Feeds mutated Ion binary to the reader. Each input must be read, or refused
 * with an error of the room's own. What can be hashed can be read to its last
 * field, and written again with the same hash.
 *
 * @throws Error naming the input, if something else happens
 */
export function fuzz(ion, seeds, { iterations, seed, onProgress }) {
  const random = randomOf(seed);
  const result = { iterations, read: 0, refused: 0, slowest: 0 };
  for (let i = 0; i < iterations; i++) {
    const bytes = mutate(seeds, random);
    const start = performance.now();
    let accepted;
    try {
      accepted = tryOne(ion, bytes);
    } catch (cause) {
      const hex = Buffer.from(bytes).toString('hex');
      throw new Error(`input ${i} of seed ${seed}: ${hex}`, { cause });
    }
    result.slowest = Math.max(result.slowest, performance.now() - start);
    if (accepted) result.read++;
    else result.refused++;
    if (onProgress && i % 100_000 === 99_999) onProgress(i + 1);
  }
  return result;
}

function tryOne(ion, bytes) {
  const hash = attempt(ion, () => ion.ionHash(bytes));
  const values = attempt(ion, () =>
    [...ion.decodeIonSequence(bytes)].map(
      (value) => (touch(ion, value), value),
    ),
  );
  attempt(ion, () => [...ion.ionValues(bytes)]);
  attempt(ion, () => [...ion.ionValues(bytes, { values: 'dom' })]);
  if (hash !== undefined) {
    if (values?.length !== 1) throw new Error('hashed, but not decoded');
    const [value] = values;
    const copy = ion.encodeIon(rebuilt(ion, value));
    if (Buffer.compare(ion.ionHash(copy), hash) !== 0) {
      throw new Error('another hash once it was written again');
    }
    const moved = ion.encodeIon([value]);
    const [again] = ion.decodeIon(moved);
    if (Buffer.compare(ion.hashIon(again), hash) !== 0) {
      throw new Error('another hash once it was copied');
    }
  }
  return values !== undefined;
}

function attempt(ion, call) {
  try {
    return call();
  } catch (error) {
    if (error instanceof ion.IonBinaryError) {
      if (Number.isSafeInteger(error.offset)) return undefined;
    }
    if (error instanceof ion.IonConversionError) return undefined;
    throw error;
  }
}

function touch(ion, value) {
  if (value instanceof ion.IonStruct) {
    for (const [name, item] of value.entries()) {
      if (name !== null && value.get(name) === undefined) {
        throw new Error('a field is listed, but not found');
      }
      touch(ion, item);
    }
    if (value.size !== value.entries().length) throw new Error('another size');
  } else if (value instanceof ion.IonAnnotated) touch(ion, value.value);
  else if (value instanceof ion.IonSexp)
    value.items.forEach((v) => touch(ion, v));
  else if (Array.isArray(value)) value.forEach((v) => touch(ion, v));
}

/** The value, made anew without the bytes that it came from. */
function rebuilt(ion, value) {
  if (value instanceof ion.IonStruct) {
    return ion.IonStruct.of(
      value.entries().map(([name, item]) => [name, rebuilt(ion, item)]),
    );
  }
  if (value instanceof ion.IonAnnotated) {
    return new ion.IonAnnotated(value.annotations, rebuilt(ion, value.value));
  }
  if (value instanceof ion.IonSexp) {
    return new ion.IonSexp(value.items.map((item) => rebuilt(ion, item)));
  }
  if (Array.isArray(value)) return value.map((item) => rebuilt(ion, item));
  return value;
}

/** Ion binary of every kind, to put faults into. */
export function fuzzSeeds(ion) {
  const {
    Decimal,
    IonAnnotated,
    IonClob,
    IonFloat,
    IonNull,
    IonSexp,
    IonStruct,
    IonSymbol,
    Timestamp,
  } = ion;
  const scalars = [
    null,
    true,
    0,
    -1,
    255,
    2 ** 40,
    -(2n ** 80n),
    new IonFloat(1.5),
    new IonFloat(0),
    new Decimal('0.00'),
    new Decimal('-123.4500'),
    Decimal.parse('12345678901234567890d-9'),
    Timestamp.parse('2019-12-11T07:20:51.245Z'),
    Timestamp.parse('2011-02-20T19:30:59.100-08:00'),
    Timestamp.parse('1999-12-31'),
    Timestamp.parse('2000T'),
    'LEWISR261LL',
    'Grüße, 世界 ✓ 𝄞',
    'x'.repeat(40),
    new IonSymbol('ROW'),
    new IonSymbol(null),
    new IonClob(Uint8Array.of(0, 11, 12, 14, 255)),
    Uint8Array.of(1, 11, 12, 14),
    new IonNull('int'),
    new IonNull('struct'),
  ];
  const struct = IonStruct.of([
    ...scalars.map((value, i) => [`field${i}`, value]),
    [null, 1],
    ['twice', 1],
    ['twice', 2],
    ['list', [1, [2, new IonSexp([3, IonStruct.of([['deep', [[]]]])])]]],
    ['note', new IonAnnotated(['a', null, 'b'], IonStruct.of([['c', 'd']]))],
    ['__proto__', IonStruct.of([])],
  ]);
  const binaries = [...scalars, struct].map((value) => ion.encodeIon(value));
  const version = [0xe0, 1, 0, 0xea];
  return [
    ...binaries,
    // padding, an ordered struct, int and length with leading zeros, float32
    Uint8Array.of(
      ...version,
      0x02,
      0,
      0,
      0xd8,
      0x84,
      0x00,
      0x85,
      0x21,
      7,
      0x86,
      0x01,
      0xff,
    ),
    Uint8Array.of(...version, 0xd1, 0x83, 0x84, 0x21, 1),
    Uint8Array.of(...version, 0x2e, 0, 0x84, 0, 0, 1, 2),
    Uint8Array.of(...version, 0x44, 0x3f, 0x80, 0, 0),
    // an import of 5 symbols, then two symbols; and a table that adds to it
    Uint8Array.from(
      Buffer.from(
        'e00100eaee938183de8f86b7d684816688210587b481618162710f',
        'hex',
      ),
    ),
    Uint8Array.from(
      Buffer.from(
        'e00100eae78183d487b28161710aea8183d786710387b28162' + '710b',
        'hex',
      ),
    ),
    Uint8Array.from(
      Buffer.concat([binaries.at(-1), binaries[3], binaries.at(-1)]),
    ),
  ];
}
