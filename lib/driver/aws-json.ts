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

/** What a {@link SendCommandResult} is in JSON, where it differs. */
interface JsonResult {
  readonly ExecuteStatement?: { readonly FirstPage?: JsonPage | null } | null;
  readonly FetchPage?: { readonly Page?: JsonPage | null } | null;
  readonly CommitTransaction?: {
    CommitDigest?: string | Uint8Array | null;
  } | null;
}

interface JsonPage {
  readonly Values?: { IonBinary?: string | Uint8Array | null }[] | null;
}

/**
 * Reads a reply.
 *
 * @throws Error when it is not what a ledger answers
 */
export function decodeResult(text: string): SendCommandResult {
  const result = JSON.parse(text) as JsonResult;
  const page = result.ExecuteStatement?.FirstPage ?? result.FetchPage?.Page;
  for (const value of page?.Values ?? []) {
    if (typeof value.IonBinary === 'string')
      value.IonBinary = decodeBlob(value.IonBinary);
  }
  const commit = result.CommitTransaction;
  if (typeof commit?.CommitDigest === 'string')
    commit.CommitDigest = decodeBlob(commit.CommitDigest);
  return result as SendCommandResult;
}

function encodeValue({ IonBinary, IonText }: ValueHolder): object {
  return IonBinary ? { IonBinary: encodeBlob(IonBinary) } : { IonText };
}

function encodeBlob({ buffer, byteOffset, byteLength }: Uint8Array): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString('base64');
}

function decodeBlob(text: string): Uint8Array {
  const { buffer, byteOffset, byteLength } = Buffer.from(text, 'base64');
  return new Uint8Array(buffer, byteOffset, byteLength);
}
