/** One state of a document, as the journal has it. */
export interface Revision<T = unknown> {
  /** The block that committed it. */
  readonly blockAddress: {
    readonly strandId: string;
    readonly sequenceNo: number;
  };
  /** 32 bytes, made of `metadata` and `data`. */
  readonly hash: Uint8Array;
  /** Absent when the document was deleted, or the revision redacted. */
  readonly data?: T;
  readonly metadata: {
    /** Id of the document. */
    readonly id: string;
    /** From 0. */
    readonly version: number;
    readonly txTime: Date;
    readonly txId: string;
  };
}

/** Which revisions of a table's documents. */
export interface HistoryRange {
  /** Only those of one document. */
  readonly documentId?: string;
  /** Only those that were the current ones at this time or later. */
  readonly from?: Date;
  /** Only those that were the current ones at this time or earlier. */
  readonly to?: Date;
}
