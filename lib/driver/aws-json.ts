import type {
  SendCommandRequest,
  SendCommandResult,
  ValueHolder,
} from '../session/endpoint.js';

/** Writes a request as AWS JSON 1.0: blobs in base64. */
export function encodeRequest(request: SendCommandRequest): string {
  const { ExecuteStatement: execute, CommitTransaction: commit } = request;
  if (execute?.Parameters) {
    return JSON.stringify({
      ...request,
      ExecuteStatement: {
        ...execute,
        Parameters: execute.Parameters.map(encodeValue),
      },
    });
  }
  if (commit?.CommitDigest) {
    return JSON.stringify({
      ...request,
      CommitTransaction: {
        ...commit,
        CommitDigest: encodeBlob(commit.CommitDigest),
      },
    });
  }
  return JSON.stringify(request);
}

/**
 * Reads a reply. A member that is null counts as left out, and an empty reply as
 * one without members.
 *
 * @throws Error when it is not what a ledger answers
 */
export function decodeResult(text: string): SendCommandResult {
  const result: unknown = text === '' ? {} : JSON.parse(text);
  if (typeof result !== 'object' || result === null)
    throw new TypeError('The reply is no JSON object.');
  return decodeMembers(result);
}

function decodeMembers(object: object): object {
  const members = object as Record<string, unknown>;
  for (const name in members) {
    const value = members[name];
    if (value === null) delete members[name];
    else if (typeof value === 'object') members[name] = decodeObject(value);
    else if (BLOBS.has(name)) members[name] = decodeBlob(value);
  }
  return members;
}

function decodeObject(value: object): object {
  if (!Array.isArray(value)) return decodeMembers(value);
  return value.filter(isObject).map(decodeMembers);
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

const BLOBS: ReadonlySet<string> = new Set(['IonBinary', 'CommitDigest']);

function encodeValue({ IonBinary, IonText }: ValueHolder): object {
  return IonBinary ? { IonBinary: encodeBlob(IonBinary) } : { IonText };
}

function encodeBlob({ buffer, byteOffset, byteLength }: Uint8Array): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString('base64');
}

function decodeBlob(text: unknown): Uint8Array {
  const bytes = Buffer.from(typeof text === 'string' ? text : '', 'base64');
  // Node skips what is no base64; then fewer bytes come out than the text has room for.
  if (
    typeof text !== 'string' ||
    bytes.length !== Buffer.byteLength(text, 'base64')
  )
    throw new TypeError('The reply has a blob that is no base64.');
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
