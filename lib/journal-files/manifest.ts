import { encodeIon } from '../ion/encode.js';
import { ionStructs } from '../ion/stream.js';
import { formatIonText } from '../ion/text.js';
import { IonStruct, type IonValue, Timestamp } from '../ion/value.js';
import { timestampOf } from '../ledger/journal/block.js';
import { ExportError } from './export-errors.js';
import { isOutputFormat, type OutputFormat } from './layout.js';
import type { Place } from './place.js';

/** What an export is of, as it was asked for: the manifest that is written first. */
export interface StartedManifest {
  readonly ledgerName: string;
  readonly exportId: string;
  readonly inclusiveStartTime: Date;
  readonly exclusiveEndTime: Date;
  readonly bucket: string;
  readonly prefix: string;
  readonly objectEncryptionType: string;
  /** `ION_TEXT` if the request named none. */
  readonly outputFormat: OutputFormat;
}

export function formatStarted(manifest: StartedManifest): Uint8Array {
  const { outputFormat, inclusiveStartTime, exclusiveEndTime } = manifest;
  const times = [inclusiveStartTime, exclusiveEndTime].map((time) =>
    outputFormat === 'JSON' ? time.toISOString() : timestampOf(time.getTime()),
  );
  return formatManifest(
    IonStruct.of([
      ['ledgerName', manifest.ledgerName],
      ['exportId', manifest.exportId],
      ['inclusiveStartTime', times[0]],
      ['exclusiveEndTime', times[1]],
      ['bucket', manifest.bucket],
      ['prefix', manifest.prefix],
      ['objectEncryptionType', manifest.objectEncryptionType],
      ['outputFormat', outputFormat],
    ]),
    outputFormat,
  );
}

/** The manifest that is written last: the files of the export, in order. */
export function formatCompleted(
  keys: readonly string[],
  format: OutputFormat,
): Uint8Array {
  return formatManifest(IonStruct.of([['keys', keys]]), format);
}

/** A manifest is in the format of its export. */
function formatManifest(manifest: IonStruct, format: OutputFormat): Uint8Array {
  if (format === 'ION_BINARY') return encodeIon(manifest);
  if (format === 'ION_TEXT') return Buffer.from(formatIonText(manifest));
  return Buffer.from(JSON.stringify(Object.fromEntries(manifest.fields())));
}

/** @throws ExportError `QLDB_EXPORT_FILE_INVALID` */
export async function readStarted(
  place: Place,
  key: string,
): Promise<StartedManifest> {
  const manifest = await readManifest(place, key);
  const text = (name: string): string => {
    const value = manifest.get(name);
    return typeof value === 'string' ? value : '';
  };
  const outputFormat = manifest.get('outputFormat') ?? 'ION_TEXT';
  if (!isOutputFormat(outputFormat))
    throw invalid(key, 'its outputFormat is none that QLDB had');
  return {
    ledgerName: text('ledgerName'),
    exportId: text('exportId'),
    inclusiveStartTime: timeOf(manifest.get('inclusiveStartTime'), key),
    exclusiveEndTime: timeOf(manifest.get('exclusiveEndTime'), key),
    bucket: text('bucket'),
    prefix: text('prefix'),
    objectEncryptionType: text('objectEncryptionType'),
    outputFormat,
  };
}

/**
 * The keys that a completed manifest lists.
 *
 * @throws ExportError `QLDB_EXPORT_FILE_INVALID`
 */
export async function readCompleted(
  place: Place,
  key: string,
): Promise<readonly string[]> {
  const keys = (await readManifest(place, key)).get('keys');
  if (!Array.isArray(keys)) throw invalid(key, 'it has no list of keys');
  return (keys as readonly IonValue[]).map((one) => {
    if (typeof one === 'string') return one;
    throw invalid(key, 'one of its keys is no string');
  });
}

async function readManifest(place: Place, key: string): Promise<IonStruct> {
  let found: IonStruct | undefined;
  try {
    for await (const structs of ionStructs(place.read(key)))
      for (const struct of structs) {
        if (found) throw invalid(key, 'it has more than one value');
        found = struct;
      }
  } catch (cause) {
    if (cause instanceof ExportError) throw cause;
    throw invalid(key, 'it is neither Ion nor JSON', { cause });
  }
  if (!found) throw invalid(key, 'it is empty');
  return found;
}

function timeOf(value: IonValue | undefined, key: string): Date {
  const time =
    value instanceof Timestamp
      ? value.getDate()
      : new Date(typeof value === 'string' ? value : NaN);
  if (Number.isNaN(time.getTime()))
    throw invalid(key, 'it has no span of time');
  return time;
}

function invalid(
  key: string,
  what: string,
  options?: ErrorOptions,
): ExportError {
  return new ExportError(
    'QLDB_EXPORT_FILE_INVALID',
    `The manifest ${key} cannot be used: ${what}. Take it from the export once more.`,
    options,
  );
}
