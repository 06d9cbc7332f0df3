/** A file of an export, where it is kept. */
export interface PlacedFile {
  /** Its name from the top of the place on, with `/` between folders. */
  readonly key: string;
  /** In bytes. */
  readonly size: number;
}

/** Where exports are kept: a folder, or a bucket. */
export interface Place {
  /** For messages, such as `/backups/ledger` or `s3://bucket`. */
  readonly name: string;
  /** The name of the bucket, as manifests tell it. */
  readonly bucket: string;
  /** All files whose key begins with a prefix. */
  list(prefix: string): AsyncIterable<PlacedFile>;
  read(key: string): AsyncIterable<Uint8Array>;
  /** Writes a file, or puts it in the place of another: whole, or not at all. */
  write(key: string, contents: Uint8Array, contentType: string): Promise<void>;
  /** Whether a file is there, with these contents. */
  holds(key: string, contents: Uint8Array): Promise<boolean>;
}

/** How S3 encrypts objects. */
export interface ObjectEncryption {
  /** `NO_ENCRYPTION`, `SSE_S3` or `SSE_KMS`. */
  readonly type: string;
  readonly kmsKeyArn?: string | undefined;
}

/** A place, and the prefix of the keys there. */
export interface PlaceAddress {
  readonly place: Place;
  /** Empty, or what keys begin with. */
  readonly prefix: string;
}
