import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { decodeIonSequence } from '../../lib/ion/decode.js';
import { encodeIon } from '../../lib/ion/encode.js';
import { ionHash } from '../../lib/ion/hash.js';
import { decodeIon } from '../../lib/ion/decode.js';
import { parseIonTextSequence } from '../../lib/ion/text.js';
import {
  IonAnnotated,
  IonSexp,
  IonStruct,
  type IonValue,
  Timestamp,
} from '../../lib/ion/value.js';
import { ionEquals, sameInstant } from '../ion/equality.js';
import { suiteFolder, Tally } from './suite.js';
import { ION_SKIPS } from './ion-skips.js';

const folder = suiteFolder(
  'ION_TESTS',
  '../shared/data/ion-tests',
  'ion-tests',
);

describe.skipIf(folder === undefined)('ion-tests', () => {
  const root = folder as string;
  const binary = new Tally('ion-tests, binary');
  const text = new Tally('ion-tests, text');
  afterAll(() => {
    binary.print();
    text.print();
  });

  for (const path of folder === undefined ? [] : filesOf(root)) {
    const name = relative(root, path);
    const tally = name.endsWith('.10n') ? binary : text;
    const fault = tally === text ? ION_SKIPS[name] : undefined;
    if (fault === undefined) {
      it(name, () => tally.run(() => check(name, path)));
    } else {
      tally.skip(fault);
      it(`${name} (${fault})`, () => expect(() => check(name, path)).toThrow());
    }
  }
});

function filesOf(root: string): string[] {
  return ['good', 'bad']
    .flatMap((part) =>
      readdirSync(join(root, part), { recursive: true, encoding: 'utf8' }).map(
        (file) => join(root, part, file),
      ),
    )
    .filter((file) => /\.(10n|ion)$/.test(file))
    .sort();
}

function check(name: string, path: string): void {
  const read = () =>
    path.endsWith('.10n') ? readBinary(path) : readText(path);
  if (name.startsWith('bad')) {
    expect(read).toThrow(/^Invalid Ion (binary at offset \d+|text): /);
    return;
  }
  const values = read();
  values.forEach(checkRoundTrip);
  if (name.includes('non-equivs')) {
    groupsOf(values).forEach((group) => checkPairs(group, false, ionEquals));
  } else if (name.includes('equivTimeline')) {
    groupsOf(values).forEach((group) =>
      checkPairs(
        group,
        true,
        (a, b) =>
          a instanceof Timestamp && b instanceof Timestamp && sameInstant(a, b),
      ),
    );
  } else if (name.includes('equivs')) {
    groupsOf(values).forEach((group) => checkPairs(group, true, ionEquals));
  }
}

/** All values, decoded to the last field. */
function readBinary(path: string): IonValue[] {
  const values = [...decodeIonSequence(readFileSync(path))];
  values.forEach(touch);
  return values;
}

function readText(path: string): IonValue[] {
  return parseIonTextSequence(readFileSync(path, 'utf8'));
}

function touch(value: IonValue): void {
  if (value instanceof IonStruct) value.entries().forEach(([, v]) => touch(v));
  else if (value instanceof IonAnnotated) touch(value.value);
  else if (value instanceof IonSexp) value.items.forEach(touch);
  else if (Array.isArray(value)) value.forEach(touch);
}

/** What is written and read again is the same value, and has the same hash. */
function checkRoundTrip(value: IonValue): void {
  const bytes = encodeIon(value);
  const again = decodeIon(bytes);
  expect(ionEquals(value, again)).toBe(true);
  const copy = encodeIon(
    again instanceof IonStruct ? IonStruct.of(again.entries()) : again,
  );
  expect(ionHash(copy)).toEqual(ionHash(bytes));
}

/** Groups of values that are, or are not, equal to one another. */
function groupsOf(values: readonly IonValue[]): IonValue[][] {
  return values.map((group) => {
    const embedded =
      group instanceof IonAnnotated &&
      group.annotations[0] === 'embedded_documents';
    const inner = group instanceof IonAnnotated ? group.value : group;
    const items = inner instanceof IonSexp ? inner.items : inner;
    if (!Array.isArray(items)) throw new Error('a group is no sequence');
    return embedded
      ? items.map((text) => parseIonTextSequence(String(text)))
      : items;
  });
}

function checkPairs(
  group: readonly IonValue[],
  expected: boolean,
  equal: (a: IonValue, b: IonValue) => boolean,
): void {
  group.forEach((a, i) => {
    expect(equal(a, a)).toBe(true);
    group.slice(i + 1).forEach((b) => {
      expect(equal(a, b)).toBe(expected);
      expect(equal(b, a)).toBe(expected);
    });
  });
}
