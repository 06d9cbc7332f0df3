import { ExportError } from './export-errors.js';
import { FolderPlace } from './folder-place.js';
import type { ObjectEncryption, PlaceAddress } from './place.js';
import { S3Place } from './s3-place.js';

const S3 = /^s3:\/\/([a-z\d][a-z\d.-]{1,61}[a-z\d])(?:\/(.*))?$/s;

/**
 * Finds a place by its address: a folder, or `s3://<bucket>/<prefix>`, for which
 * `@aws-sdk/client-s3` has to be installed. Its region, credentials and endpoint
 * come from the environment, as for any program that uses the AWS SDK.
 *
 * @throws ExportError `QLDB_EXPORT_PLACE`
 */
export async function openPlace(
  address: string,
  encryption?: ObjectEncryption,
): Promise<PlaceAddress> {
  if (address === '')
    throw new ExportError(
      'QLDB_EXPORT_PLACE',
      'Name a folder, or s3://<bucket>/<prefix>.',
    );
  if (!address.startsWith('s3:'))
    return { place: new FolderPlace(address), prefix: '' };
  const [, bucket, prefix = ''] = S3.exec(address) ?? [];
  if (bucket === undefined)
    throw new ExportError(
      'QLDB_EXPORT_PLACE',
      'An address in S3 is s3://<bucket>/<prefix>, the bucket in lower-case letters, digits, dots and hyphens.',
    );
  return { place: await S3Place.open(bucket, encryption), prefix };
}
