import type { LedgerPorts } from '../ledger/ports.js';
import type { ServedLedgers } from './client-sessions.js';
import type { LedgerDirectory } from './control-plane/ledger-directory.js';
import type { CredentialsLookup, ServerCredentials } from './signature.js';
import type { ServerTls } from './tls.js';

/** Options of `createQldbServer`. Times are in milliseconds. */
export interface QldbServerOptions {
  /**
   * Where commands go, by ledger name, such as `{ vehicles: ledger.sessions }`.
   * With a directory, QLDB's control plane is served too.
   */
  readonly ledgers: ServedLedgers | LedgerDirectory;
  /**
   * Where `ExportJournalToS3` writes: a folder, in which each bucket is a folder;
   * or `s3:`, for the buckets of Amazon S3 or what speaks like it. Default: nowhere.
   */
  readonly exports?: string | undefined;
  /** The account in ARNs, 12 digits. Default: `000000000000`. */
  readonly accountId?: string | undefined;
  /**
   * Who may come in: the keys that clients sign their requests with, or a
   * function that finds them by access key id.
   */
  readonly credentials: readonly ServerCredentials[] | CredentialsLookup;
  /**
   * Address to listen on, or a name of one. Default: `127.0.0.1`. Beyond loopback
   * the server needs {@link tls}, or {@link allowPlainHttp}.
   */
  readonly host?: string;
  /**
   * Serve HTTPS (TLS 1.2 or 1.3) with this certificate. Programs that were
   * written for QLDB need it, where they hand their driver an `https.Agent`.
   * `selfSignedTls` makes one. Default: plain HTTP.
   */
  readonly tls?: ServerTls;
  /**
   * Listen beyond loopback without TLS, because something else encrypts, such as
   * a proxy in front that keeps `Host`. Default: false.
   */
  readonly allowPlainHttp?: boolean;
  /** Port to listen on. Default: 0, a free one. */
  readonly port?: number;
  /** The one region that requests may be signed for. Default: any. */
  readonly region?: string;
  /** Largest request. Default: 6 MiB, the 4 MB that a QLDB transaction could have, in base64. */
  readonly maxBodyBytes?: number;
  /**
   * Bytes that all requests under way may hold. Beyond, clients are told
   * `CapacityExceededException`, which they may try again. Default: 256 MiB.
   */
  readonly maxRequestMemory?: number;
  /** Connections at a time. Default: 4,096. */
  readonly maxConnections?: number;
  /** Within this time a request has to arrive whole. Default: 30,000. */
  readonly requestTimeout?: number;
  /** A session that is not used for so long is ended. Default: 1,200,000 (20 minutes; QLDB's lived 13 to 17). */
  readonly sessionIdleTimeout?: number;
  /** How long {@link QldbServer.close} waits for what is under way. Default: 10,000. */
  readonly gracePeriod?: number;
  /**
   * Told of every failure that clients see as an `InternalServerException`, with
   * the request id that they see; and of every export that failed, with its id.
   * Default: nobody is told.
   */
  readonly onError?: (error: unknown, requestId: string) => void;
  /** Clock and randomness; the system's by default. */
  readonly ports?: Partial<LedgerPorts>;
}

/** A running server; see `createQldbServer`. */
export interface QldbServer extends AsyncDisposable {
  /** Its endpoint, such as `http://127.0.0.1:8182`; `https://…` with TLS. */
  readonly url: string;
  /** How many sessions its clients have open. */
  readonly sessions: number;
  /**
   * Takes no more requests, waits for those under way, then ends the sessions
   * that clients opened. The ledgers stay open. Idempotent.
   */
  close(): Promise<void>;
}
