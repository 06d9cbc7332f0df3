import { createReadStream } from 'node:fs';
import { IonTextError } from '../ion/errors.js';
import { parseIonText, parseIonTextSequence } from '../ion/text.js';
import { IonStruct, type IonValue } from '../ion/value.js';
import type { BlockAddress } from '../ledger/index.js';
import { isHash } from '../ledger/journal/verify.js';
import { CommandError } from './command-error.js';

/** Whether an option's value is JSON itself, and names no file. */
export const isJsonText = (given: string): boolean =>
  given.trimStart().startsWith('{');

/** What an option names, for a message. */
export const named = (given: string): string =>
  isJsonText(given) ? 'the text' : JSON.stringify(given.slice(0, 200));

/**
 * What an option was given: JSON as it is, or the text of the file that it names.
 * It has at most `most` bytes.
 *
 * @throws CommandError when it has more; and what reading the file throws
 */
export async function keptText(
  option: string,
  given: string,
  most: number,
): Promise<string> {
  const chunks: Uint8Array[] = [];
  if (isJsonText(given)) chunks.push(Buffer.from(given));
  else
    // It may be a pipe, which has no end that is known.
    for await (const chunk of createReadStream(given, { end: most }))
      chunks.push(chunk as Uint8Array);
  const bytes = Buffer.concat(chunks);
  if (bytes.length <= most) return bytes.toString();
  throw new CommandError(
    `What ${option} was given is too long: ${named(given)} has more than ${most} bytes.`,
  );
}

/** The structs that a text is made of, JSON or Ion; none if there is anything else in it. */
export function structsIn(text: string): readonly IonStruct[] {
  const values = parsed(() => parseIonTextSequence(text)) ?? [];
  const structs = values.filter((value) => value instanceof IonStruct);
  return structs.length === values.length ? structs : [];
}

/** The Ion in a `ValueHolder` of AWS. */
export function heldIn(holder: IonValue | undefined): IonValue | undefined {
  const text = holder instanceof IonStruct ? holder.get('IonText') : undefined;
  return typeof text === 'string'
    ? parsed(() => parseIonText(text))
    : undefined;
}

function parsed<T>(parse: () => T): T | undefined {
  try {
    return parse();
  } catch (error) {
    if (error instanceof IonTextError) return undefined;
    throw error;
  }
}

/** A hash, in Ion or in base64. */
export function hashIn(value: IonValue | undefined): Uint8Array | undefined {
  if (isHash(value)) return value;
  return typeof value === 'string' && /^[A-Za-z0-9+/]{43}=$/.test(value)
    ? Buffer.from(value, 'base64')
    : undefined;
}

export function hashesIn(
  value: IonValue | undefined,
): readonly Uint8Array[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const items = value as readonly IonValue[];
  const hashes = items.map(hashIn).filter((hash) => hash !== undefined);
  return hashes.length === items.length ? hashes : undefined;
}

export function addressIn(
  value: IonValue | undefined,
): BlockAddress | undefined {
  if (!(value instanceof IonStruct)) return undefined;
  const [strandId, sequenceNo] = [
    value.get('strandId'),
    value.get('sequenceNo'),
  ];
  return typeof strandId === 'string' &&
    /^[A-Za-z0-9]{22}$/.test(strandId) &&
    typeof sequenceNo === 'number' &&
    sequenceNo >= 0
    ? { strandId, sequenceNo }
    : undefined;
}
