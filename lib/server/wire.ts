import { isUtf8 } from 'node:buffer';
import {
  BadRequestException,
  type Page,
  type SendCommandRequest,
  type SendCommandResult,
  type ValueHolder,
} from '../session/index.js';
import { RefusedRequestError } from './server-errors.js';

/** The commands of the session API; a request carries one of them. */
const COMMANDS = [
  'StartSession',
  'StartTransaction',
  'ExecuteStatement',
  'FetchPage',
  'CommitTransaction',
  'AbortTransaction',
  'EndSession',
] as const;

/** A request nests four deep: itself, its command, the parameters, a parameter. */
const MAX_DEPTH = 16;

type JsonObject = Readonly<Record<string, unknown>>;

/**
 * Reads a request's body: AWS JSON 1.0, blobs in base64, unknown members
 * ignored.
 *
 * It checks types only. What a value may be is for the ledger to say.
 *
 * @throws RefusedRequestError `SerializationException`, when it is no such JSON
 * @throws BadRequestException when there is not exactly one command
 */
export function decodeRequest(body: Uint8Array): SendCommandRequest {
  const json = parseJson(body);
  const commands = COMMANDS.filter((name) => isGiven(json[name]));
  if (commands.length !== 1)
    throw new BadRequestException(
      `A request needs exactly one command. Name one of ${COMMANDS.join(', ')}.`,
    );
  const [command] = commands;
  const fields = object(json[command], command);
  return {
    SessionToken: text(json, 'SessionToken'),
    [command]: decodeCommand(command, fields),
  };
}

function decodeCommand(
  command: (typeof COMMANDS)[number],
  fields: JsonObject,
): NonNullable<SendCommandRequest[typeof command]> {
  switch (command) {
    case 'StartSession':
      return { LedgerName: text(fields, 'LedgerName') };
    case 'ExecuteStatement':
      return {
        TransactionId: text(fields, 'TransactionId'),
        Statement: text(fields, 'Statement'),
        Parameters: parameters(fields['Parameters']),
      };
    case 'FetchPage':
      return {
        TransactionId: text(fields, 'TransactionId'),
        NextPageToken: text(fields, 'NextPageToken'),
      };
    case 'CommitTransaction':
      return {
        TransactionId: text(fields, 'TransactionId'),
        // One that is missing matches none: only a driver in this process may leave it out.
        CommitDigest: blob(fields, 'CommitDigest') ?? new Uint8Array(0),
      };
    case 'StartTransaction':
    case 'AbortTransaction':
    case 'EndSession':
      return {};
  }
}

function parameters(list: unknown): ValueHolder[] | undefined {
  if (!isGiven(list)) return undefined;
  if (!Array.isArray(list)) throw unexpected('Parameters', 'a list');
  return list.filter(isGiven).map((item) => {
    const holder = object(item, 'Parameters');
    const IonBinary = blob(holder, 'IonBinary');
    return IonBinary ? { IonBinary } : { IonText: text(holder, 'IonText') };
  });
}

function parseJson(body: Uint8Array): JsonObject {
  if (!isUtf8(body)) throw malformed('it is not UTF-8');
  const source = Buffer.from(
    body.buffer,
    body.byteOffset,
    body.byteLength,
  ).toString();
  if (nestsTooDeep(source)) throw malformed('it nests too deep');
  let json: unknown;
  try {
    json = JSON.parse(source);
  } catch {
    // The parser's message quotes the text, and the text may hold a token.
    throw malformed('it is not JSON');
  }
  return object(json, 'the body');
}

/** Measured before parsing, so that nothing is built of a hostile body. */
function nestsTooDeep(source: string): boolean {
  let depth = 0;
  for (let at = 0; at < source.length; at++) {
    switch (source[at]) {
      case '"':
        at = endOfString(source, at);
        break;
      case '{':
      case '[':
        if (++depth > MAX_DEPTH) return true;
        break;
      case '}':
      case ']':
        depth--;
        break;
    }
  }
  return false;
}

/** The place of the quote that ends the string which starts at a place. */
function endOfString(source: string, start: number): number {
  let end = start;
  for (;;) {
    end = source.indexOf('"', end + 1);
    if (end === -1) return source.length;
    let escapes = 0;
    while (source[end - 1 - escapes] === '\\') escapes++;
    if (escapes % 2 === 0) return end;
  }
}

function object(value: unknown, name: string): JsonObject {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw unexpected(name, 'a structure');
  return value as JsonObject;
}

function text(fields: JsonObject, name: string): string | undefined {
  const value = fields[name];
  if (!isGiven(value)) return undefined;
  if (typeof value !== 'string') throw unexpected(name, 'a string');
  return value;
}

function blob(fields: JsonObject, name: string): Uint8Array | undefined {
  const value = text(fields, name);
  if (value === undefined) return undefined;
  const bytes = Buffer.from(value, 'base64');
  // Node skips what is no base64; then fewer bytes come out than the text has room for.
  if (bytes.length !== Buffer.byteLength(value, 'base64'))
    throw unexpected(name, 'base64');
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null;
}

function unexpected(name: string, wanted: string): RefusedRequestError {
  return malformed(`${name} is not ${wanted}`);
}

function malformed(why: string): RefusedRequestError {
  return new RefusedRequestError(
    'SerializationException',
    400,
    `The request cannot be read: ${why}.`,
  );
}

/**
 * Writes a result as AWS JSON 1.0. Blobs, which are nearly all of a page, go
 * straight into the text: base64 needs no escapes.
 */
export function encodeResult(result: SendCommandResult): string {
  const members: string[] = [];
  for (const command of COMMANDS) {
    const fields = result[command];
    if (fields)
      members.push(
        `"${command}":{${Object.entries(fields).map(encodeMember).filter(Boolean).join()}}`,
      );
  }
  return `{${members.join()}}`;
}

function encodeMember([name, value]: [string, unknown]): string {
  if (!isGiven(value)) return '';
  if (name === 'FirstPage' || name === 'Page')
    return `"${name}":${encodePage(value as Page)}`;
  if (value instanceof Uint8Array) return `"${name}":"${base64(value)}"`;
  return `"${name}":${JSON.stringify(value)}`;
}

function encodePage({ Values = [], NextPageToken }: Page): string {
  const values = Values.map(({ IonBinary, IonText }) =>
    IonBinary
      ? `{"IonBinary":"${base64(IonBinary)}"}`
      : JSON.stringify({ IonText }),
  );
  const next =
    NextPageToken === undefined
      ? ''
      : `,"NextPageToken":${JSON.stringify(NextPageToken)}`;
  return `{"Values":[${values.join()}]${next}}`;
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString(
    'base64',
  );
}
