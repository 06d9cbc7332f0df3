import { dot, hashIon } from '../../ion/hash.js';
import { IonStruct, type IonValue } from '../../ion/value.js';
import { equal, isHash, UNPROVEN } from '../../ledger/journal/verify.js';
import { findTypes, LearnedTypes } from './find-types.js';
import { JournalJsonError } from './journal-json-error.js';
import { readLeaf, timestampOf, typesOf } from './leaf-types.js';
import {
  JsonNumber,
  JsonObject,
  type JsonValue,
  parseJson,
} from './parse-json.js';

/** A block that came as JSON. */
export interface JsonBlock {
  readonly block: IonStruct;
  /** How many of its revisions have their data under `unproven`: no reading of it has their hash. */
  readonly unproven: number;
  /** How many readings were tried. */
  readonly tries: number;
}

/** So many readings of one document are tried. */
const MAX_TRIES = 10_000;

/**
 * Reads blocks that QLDB exported as JSON, which lost the types of Ion. What a
 * block says of itself has types that are known; those of the documents are
 * found again by their hashes (see `findTypes`).
 */
export class JsonBlocks {
  readonly #learned = new LearnedTypes();

  constructor(private readonly maxTries = MAX_TRIES) {}

  /**
   * @param line - one block
   * @throws JournalJsonError
   */
  async read(line: string): Promise<JsonBlock> {
    const json = parseJson(line);
    if (!(json instanceof JsonObject))
      throw new JournalJsonError('it is no object');
    const tables = tablesOf(json);
    let unproven = 0;
    let tries = 0;
    const entries: [string, IonValue][] = [];
    for (const [name, value] of json.fields) {
      if (name !== 'revisions' || !Array.isArray(value)) {
        entries.push([name, read(value, BLOCK.fields?.[name], name)]);
        continue;
      }
      const revisions: IonValue[] = [];
      for (const [n, item] of (value as readonly JsonValue[]).entries()) {
        const found = await this.#revision(item, tables, `revisions[${n}]`);
        revisions.push(found.revision);
        tries += found.tries;
        if (!found.isProven) unproven++;
      }
      entries.push([name, revisions]);
    }
    return { block: IonStruct.of(entries), unproven, tries };
  }

  async #revision(
    json: JsonValue,
    tables: ReadonlyMap<string, string>,
    path: string,
  ): Promise<{ revision: IonStruct; isProven: boolean; tries: number }> {
    if (!(json instanceof JsonObject))
      throw new JournalJsonError(`${path} is no object`);
    const data = json.get('data');
    const entries = new Map<string, IonValue>();
    for (const [name, value] of json.fields)
      if (name !== 'data')
        entries.set(
          name,
          read(value, REVISION.fields?.[name], `${path}.${name}`),
        );
    const metadata = entries.get('metadata');
    const hash = entries.get('hash');
    if (data === undefined || !(metadata instanceof IonStruct) || !isHash(hash))
      return { revision: IonStruct.of(entries), isProven: true, tries: 0 };
    const of = hashIon(metadata);
    const id = metadata.get('id');
    const found = await findTypes(
      data,
      (typeof id === 'string' ? tables.get(id) : undefined) ?? '',
      this.#learned,
      (read) => equal(dot(of, hashIon(read)), hash),
      this.maxTries,
    );
    // Where the data stood in the object, it stands again.
    const ordered = json.fields.map(([name]): [string, IonValue] => [
      name === 'data' && !found.isProven ? UNPROVEN : name,
      name === 'data' ? found.data : (entries.get(name) ?? null),
    ]);
    return {
      revision: IonStruct.of(ordered),
      isProven: found.isProven,
      tries: found.tries,
    };
  }
}

/** The types of what a block says of itself. */
interface Shape {
  readonly type?: 'timestamp' | 'blob';
  readonly fields?: Readonly<Record<string, Shape>>;
  readonly items?: Shape;
}

const BLOB: Shape = { type: 'blob' };
const TIME: Shape = { type: 'timestamp' };
const REVISION: Shape = {
  fields: {
    hash: BLOB,
    dataHash: BLOB,
    metadata: { fields: { txTime: TIME } },
  },
};
const BLOCK: Shape = {
  fields: {
    blockTimestamp: TIME,
    blockHash: BLOB,
    entriesHash: BLOB,
    previousBlockHash: BLOB,
    entriesHashList: { items: BLOB },
    transactionInfo: {
      fields: {
        statements: {
          items: { fields: { startTime: TIME, statementDigest: BLOB } },
        },
      },
    },
  },
};

function read(
  json: JsonValue,
  shape: Shape | undefined,
  path: string,
): IonValue {
  if (typeof json === 'boolean') return json;
  if (json instanceof JsonObject)
    return IonStruct.of(
      json.fields.map(([name, value]): [string, IonValue] => [
        name,
        read(value, shape?.fields?.[name], `${path}.${name}`),
      ]),
    );
  if (Array.isArray(json))
    return (json as readonly JsonValue[]).map((item, n) =>
      read(item, shape?.items, `${path}[${n}]`),
    );
  const leaf = json as string | JsonNumber | null;
  const type = shape?.type;
  if (type === undefined)
    return typeof leaf === 'string'
      ? leaf
      : (readLeaf(leaf, typesOf(leaf)[0], () => []) ?? null);
  const value =
    typeof leaf === 'string' && type === 'timestamp'
      ? timestampOf(leaf)
      : typeof leaf === 'string' && /^[A-Za-z\d+/]*={0,2}$/.test(leaf)
        ? new Uint8Array(Buffer.from(leaf, 'base64'))
        : undefined;
  if (value !== undefined) return value;
  throw new JournalJsonError(`${path} is no ${type}`);
}

/** The tables of the documents that a block changes, by their ids. */
function tablesOf(block: JsonObject): ReadonlyMap<string, string> {
  const tables = new Map<string, string>();
  const info = block.get('transactionInfo');
  const documents = info instanceof JsonObject ? info.get('documents') : null;
  if (!(documents instanceof JsonObject)) return tables;
  for (const [id, document] of documents.fields) {
    const table =
      document instanceof JsonObject ? document.get('tableId') : undefined;
    if (typeof table === 'string') tables.set(id, table);
  }
  return tables;
}
