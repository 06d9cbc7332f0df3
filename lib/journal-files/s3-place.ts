import { createHash } from 'node:crypto';
import type { S3Client } from '@aws-sdk/client-s3';
import { ExportError } from './export-errors.js';
import type { ObjectEncryption, Place, PlacedFile } from './place.js';

type S3 = typeof import('@aws-sdk/client-s3');

/** A bucket of Amazon S3, or of whatever speaks like it. */
export class S3Place implements Place {
  readonly name: string;

  private constructor(
    readonly bucket: string,
    private readonly s3: S3,
    private readonly client: S3Client,
    private readonly encryption: ObjectEncryption | undefined,
  ) {
    this.name = `s3://${bucket}`;
  }

  /** @throws ExportError `QLDB_EXPORT_PLACE` when the SDK is not installed */
  static async open(
    bucket: string,
    encryption?: ObjectEncryption,
  ): Promise<S3Place> {
    let s3: S3;
    try {
      s3 = await import('@aws-sdk/client-s3');
    } catch (cause) {
      throw new ExportError(
        'QLDB_EXPORT_PLACE',
        "To reach a bucket, install '@aws-sdk/client-s3' beside nestjs-qldb.",
        { cause },
      );
    }
    // Whoever names an endpoint of their own may have no name for each bucket.
    const hasEndpoint =
      process.env['AWS_ENDPOINT_URL_S3'] ?? process.env['AWS_ENDPOINT_URL'];
    return new S3Place(
      bucket,
      s3,
      new s3.S3Client({ forcePathStyle: hasEndpoint !== undefined }),
      encryption,
    );
  }

  async *list(prefix: string): AsyncGenerator<PlacedFile> {
    let token: string | undefined;
    do {
      const page = await this.#told(
        this.client.send(
          new this.s3.ListObjectsV2Command({
            Bucket: this.bucket,
            Prefix: prefix,
            ContinuationToken: token,
          }),
        ),
      );
      for (const { Key, Size } of page.Contents ?? [])
        if (Key !== undefined) yield { key: Key, size: Size ?? 0 };
      token =
        page.IsTruncated === true ? page.NextContinuationToken : undefined;
    } while (token !== undefined);
  }

  async *read(key: string): AsyncGenerator<Uint8Array> {
    const { Body } = await this.#told(
      this.client.send(
        new this.s3.GetObjectCommand({ Bucket: this.bucket, Key: key }),
      ),
    );
    if (!Body) return;
    yield* Body as AsyncIterable<Uint8Array>;
  }

  async write(
    key: string,
    contents: Uint8Array,
    contentType: string,
  ): Promise<void> {
    await this.#told(
      this.client.send(
        new this.s3.PutObjectCommand({
          Bucket: this.bucket,
          Key: key,
          Body: contents,
          ContentType: contentType,
          ContentLength: contents.length,
          ...encryptionOf(this.encryption),
        }),
      ),
    );
  }

  /** By size and MD5, which is an object's ETag unless it is encrypted with a key of KMS. */
  async holds(key: string, contents: Uint8Array): Promise<boolean> {
    try {
      const { ContentLength, ETag } = await this.client.send(
        new this.s3.HeadObjectCommand({ Bucket: this.bucket, Key: key }),
      );
      return (
        ContentLength === contents.length &&
        ETag?.replaceAll('"', '') ===
          createHash('md5').update(contents).digest('hex')
      );
    } catch {
      return false;
    }
  }

  async #told<T>(answer: Promise<T>): Promise<T> {
    try {
      return await answer;
    } catch (cause) {
      throw new ExportError(
        'QLDB_EXPORT_PLACE',
        `The bucket ${this.bucket} does not do what it is asked: ${nameOf(cause)}. Check its name, region, credentials and permissions; an export that was begun goes on when it is begun again.`,
        { cause },
      );
    }
  }
}

function encryptionOf(encryption: ObjectEncryption | undefined): object {
  if (encryption?.type === 'SSE_S3') return { ServerSideEncryption: 'AES256' };
  if (encryption?.type !== 'SSE_KMS') return {};
  return {
    ServerSideEncryption: 'aws:kms',
    SSEKMSKeyId: encryption.kmsKeyArn,
  };
}

const nameOf = (error: unknown): string =>
  error instanceof Error ? error.name : 'it does not say why';
