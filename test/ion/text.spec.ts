import { describe, expect, it } from 'vitest';
import { randomOf } from '../../bench/ion-fuzz.mjs';
import { IonConversionError, IonTextError } from '../../lib/ion/errors.js';
import {
  formatIonText,
  parseIonText,
  parseIonTextSequence,
} from '../../lib/ion/text.js';
import {
  IonAnnotated,
  IonSexp,
  IonStruct,
  IonSymbol,
} from '../../lib/ion/value.js';
import { ionEquals, show } from './equality.js';
import { Generator } from './generate.js';

describe('Ion text', () => {
  it('comes back from what was written', () => {
    const generator = new Generator(randomOf(71));
    for (let i = 0; i < 2000; i++) {
      const value = generator.value();
      const text = formatIonText(value);
      const again = parseIonText(text);
      if (!ionEquals(value, again))
        expect(show(again), text).toEqual(show(value));
      expect(ionEquals(value, again), text).toBe(true);
    }
  });

  it('is read with annotations, symbols and fields', () => {
    const value = parseIonText(
      "a::{b: [1, c], b: (d), 'e f': null.int} // comment",
    );
    expect(value).toBeInstanceOf(IonAnnotated);
    const struct = (value as IonAnnotated).value as IonStruct;
    expect(struct.fields().map(([name]) => name)).toEqual(['b', 'b', 'e f']);
    expect(struct.get('b')).toEqual([1, new IonSymbol('c')]);
    expect(struct.fields()[1][1]).toEqual(new IonSexp([new IonSymbol('d')]));
  });

  it('wants one value', () => {
    expect(() => parseIonText('')).toThrow(
      'there are 0 values where one is expected',
    );
    expect(() => parseIonText('1 2')).toThrow(
      'there are 2 values where one is expected',
    );
    expect(parseIonTextSequence('1 2')).toEqual([1, 2]);
  });

  it('that is wrong is refused, and the error says where', () => {
    expect(() => parseIonText('{a: ')).toThrow(
      'Invalid Ion text: it ends in the middle of a value',
    );
    const read = () => parseIonText('{a: secret secret}');
    expect(read).toThrow(IonTextError);
    expect(read).toThrow(
      expect.objectContaining({
        code: 'ION_INVALID_TEXT',
        message:
          'Invalid Ion text: a comma or the end of a struct is expected, at character 11',
      }),
    );
  });

  it('that is nested without end is refused', () => {
    for (const open of ['[', '(', '{a:', 'a::['])
      expect(() => parseIonText(open.repeat(200_000))).toThrow(
        'more than 1000 deep',
      );
  });

  it('cannot say a symbol without text', () => {
    for (const value of [
      new IonSymbol(null),
      IonStruct.of([[null, 1]]),
      new IonAnnotated([null], 1),
    ]) {
      expect(() => formatIonText(value)).toThrow(IonConversionError);
    }
  });
});
