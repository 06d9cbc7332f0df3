import {
  createHash,
  createHmac,
  hash,
  type Hash,
  type Hmac,
  timingSafeEqual,
} from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { SignatureV4 } from '@smithy/signature-v4';
import { RefusedRequestError } from './server-errors.js';

/** Keys that a client may sign its requests with. */
export interface ServerCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** For temporary credentials: what the client must send as `x-amz-security-token`. */
  readonly sessionToken?: string;
}

/** Finds the credentials of an access key id; `undefined` if there are none. */
export type CredentialsLookup = (
  accessKeyId: string,
) => ServerCredentials | undefined | PromiseLike<ServerCredentials | undefined>;

/** What a request's headers say of its signature, before the signature is checked. */
export interface SignatureClaim {
  readonly credentials: ServerCredentials;
  readonly date: Date;
  readonly region: string;
  /** The signed headers, by name. */
  readonly headers: Record<string, string>;
  /** 64 hexadecimal digits. */
  readonly signature: string;
}

const SIGNING_NAME = 'qldb';
const AUTHORIZATION =
  /^AWS4-HMAC-SHA256 +Credential=([^\s/,]{1,128})\/([^\s/,]+)\/([^\s/,]{1,64})\/([^\s/,]+)\/aws4_request, *SignedHeaders=([^\s,]+), *Signature=([0-9a-f]{64})$/;
const AMZ_DATE = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/;
/** How far a request's date may lie from the server's clock, as at AWS. */
const MAX_SKEW = 5 * 60_000;

/**
 * Checks Signature Version 4: signs each request once more with the AWS SDK's
 * own signer, and compares.
 */
export class SignatureVerifier {
  readonly #Signer: typeof SignatureV4;
  readonly #lookup: CredentialsLookup;
  readonly #region: string | undefined;
  readonly #now: () => number;

  /** @param region the one region that requests may be signed for; any, if undefined */
  static async load(
    lookup: CredentialsLookup,
    region: string | undefined,
    now: () => number,
  ): Promise<SignatureVerifier> {
    // Loaded here, so that a ledger that is not served does not pay for it.
    const { SignatureV4 } = await import('@smithy/signature-v4');
    return new SignatureVerifier(SignatureV4, lookup, region, now);
  }

  private constructor(
    Signer: typeof SignatureV4,
    lookup: CredentialsLookup,
    region: string | undefined,
    now: () => number,
  ) {
    this.#Signer = Signer;
    this.#lookup = lookup;
    this.#region = region;
    this.#now = now;
  }

  /**
   * Reads what the headers claim, and refuses what no body could make right. So
   * a stranger's body is not even read.
   */
  async claim(headers: IncomingHttpHeaders): Promise<SignatureClaim> {
    const { authorization } = headers;
    if (authorization === undefined)
      throw forbidden(
        'MissingAuthenticationTokenException',
        'Missing Authentication Token',
      );
    const match = AUTHORIZATION.exec(authorization);
    if (!match)
      throw forbidden(
        'IncompleteSignatureException',
        "Authorization header requires the algorithm AWS4-HMAC-SHA256 and the parameters 'Credential', 'SignedHeaders' and 'Signature'.",
      );
    const [, accessKeyId, day, region, service, names, signature] =
      match as unknown as string[];
    if (service !== SIGNING_NAME)
      throw invalidSignature(
        `Credential should be scoped to correct service: '${SIGNING_NAME}'.`,
      );
    if (this.#region !== undefined && region !== this.#region)
      throw invalidSignature(
        'Credential should be scoped to a valid region, that of this server.',
      );
    const signed = signedHeaders(headers, names);
    const date = this.#date(signed['x-amz-date'], day);
    const credentials = await this.#lookup(accessKeyId);
    if (
      !credentials ||
      !sameText(
        headers['x-amz-security-token'] ?? '',
        credentials.sessionToken ?? '',
      )
    )
      throw forbidden(
        'UnrecognizedClientException',
        'The security token included in the request is invalid.',
      );
    return { credentials, date, region, headers: signed, signature };
  }

  /** Refuses a request whose signature does not hold for its method, path, query, headers and body. */
  async verify(
    claim: SignatureClaim,
    body: Uint8Array,
    method: string,
    url: string,
  ): Promise<void> {
    // The signer takes this header's word for the body's hash. We do not.
    const bodyHash = claim.headers['x-amz-content-sha256'];
    if (bodyHash !== undefined && !sameText(bodyHash, hash('sha256', body)))
      throw mismatch();
    const signer = new this.#Signer({
      service: SIGNING_NAME,
      region: claim.region,
      credentials: claim.credentials,
      sha256: NodeSha256,
      applyChecksum: false,
    });
    const { headers } = await signer.sign(
      {
        method,
        protocol: 'http:',
        hostname: '',
        ...pathAndQuery(url),
        headers: claim.headers,
        body,
      },
      {
        signingDate: claim.date,
        signableHeaders: new Set(Object.keys(claim.headers)),
      },
    );
    if (!sameText(headers['authorization'].slice(-64), claim.signature))
      throw mismatch();
  }

  #date(text: string, day: string): Date {
    const match = AMZ_DATE.exec(text);
    if (!match)
      throw forbidden(
        'IncompleteSignatureException',
        'Date must be in ISO-8601 basic format, as in 20250731T120000Z.',
      );
    if (!text.startsWith(`${day}T`))
      throw invalidSignature(
        "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date in 'x-amz-date'.",
      );
    const [year, month, date, hour, minute, second] = match
      .slice(1)
      .map(Number);
    const time = Date.UTC(year, month - 1, date, hour, minute, second);
    const now = this.#now();
    if (time < now - MAX_SKEW)
      throw invalidSignature(
        `Signature expired: ${text} is now earlier than ${amzDate(now - MAX_SKEW)} (${amzDate(now)} - 5 min.)`,
      );
    if (time > now + MAX_SKEW)
      throw invalidSignature(
        `Signature not yet current: ${text} is still later than ${amzDate(now + MAX_SKEW)} (${amzDate(now)} + 5 min.)`,
      );
    return new Date(time);
  }
}

/** The headers that the signature covers. The host and the date have to be among them. */
function signedHeaders(
  headers: IncomingHttpHeaders,
  names: string,
): Record<string, string> {
  const signed: Record<string, string> = {};
  for (const name of names.split(';')) {
    const value = headers[name];
    if (typeof value !== 'string')
      throw invalidSignature('A signed header is not in the request.');
    signed[name] = value;
  }
  if (!('host' in signed && 'x-amz-date' in signed))
    throw invalidSignature(
      "'Host' and 'X-Amz-Date' must be 'SignedHeaders' in the Authorization header.",
    );
  return signed;
}

/**
 * The path as it came, and the query decoded: the signer encodes both as the
 * signature wants them. What it would make shorter is refused, so that what is
 * signed is what is served.
 */
function pathAndQuery(url: string): {
  path: string;
  query: Record<string, string[]>;
} {
  const mark = url.indexOf('?');
  const path = mark < 0 ? url : url.slice(0, mark);
  if (/\/\/|\/\.{1,2}(?:\/|$)/.test(path)) throw mismatch();
  const query: Record<string, string[]> = Object.create(null) as typeof query;
  for (const part of mark < 0 ? [] : url.slice(mark + 1).split('&')) {
    const [name, value] = splitPart(part);
    (query[name] ??= []).push(value);
  }
  return { path, query };
}

function splitPart(part: string): [string, string] {
  const equals = part.indexOf('=');
  const [name, value] =
    equals < 0 ? [part, ''] : [part.slice(0, equals), part.slice(equals + 1)];
  try {
    return [decodeURIComponent(name), decodeURIComponent(value)];
  } catch {
    throw mismatch();
  }
}

function amzDate(time: number): string {
  return new Date(time).toISOString().replace(/[-:]|\.\d+/g, '');
}

/** Compares in a time that depends on the lengths alone. */
function sameText(a: string | string[], b: string): boolean {
  const [left, right] = [Buffer.from(String(a)), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}

function forbidden(type: string, message: string): RefusedRequestError {
  return new RefusedRequestError(type, 403, message);
}

/** What AWS's JSON services answer to a wrong signature, a wrong scope and a wrong date alike. */
function invalidSignature(message: string): RefusedRequestError {
  return forbidden('InvalidSignatureException', message);
}

function mismatch(): RefusedRequestError {
  return invalidSignature(
    'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.',
  );
}

/** SHA-256 and its HMAC as the signer asks for them, by node:crypto. */
class NodeSha256 {
  readonly #secret: string | ArrayBuffer | ArrayBufferView | undefined;
  #hash: Hash | Hmac;

  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.#secret = secret;
    this.#hash = this.#fresh();
  }

  update(data: Uint8Array): void {
    this.#hash.update(data);
  }

  digest(): Promise<Uint8Array> {
    return Promise.resolve(this.#hash.digest());
  }

  reset(): void {
    this.#hash = this.#fresh();
  }

  #fresh(): Hash | Hmac {
    const secret = this.#secret;
    if (secret === undefined) return createHash('sha256');
    return createHmac('sha256', bytesOf(secret));
  }
}

function bytesOf(data: string | ArrayBuffer | ArrayBufferView): Uint8Array {
  if (typeof data === 'string') return Buffer.from(data);
  if (data instanceof ArrayBuffer) return new Uint8Array(data);
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}
