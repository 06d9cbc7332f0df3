import { isTurnLong, nextTurn } from '../../async/turns.js';
import { IonStruct, type IonTypeName, type IonValue } from '../../ion/value.js';
import { type Leaf, readLeaf, typesOf } from './leaf-types.js';
import { JsonObject, type JsonValue } from './parse-json.js';

/** Leaves that are read as of one type together, and which types they may be of. */
interface Group {
  /** The likeliest first. */
  readonly types: readonly IonTypeName[];
}

/** The types that the leaves of documents turned out to have, by table and path. */
export class LearnedTypes {
  readonly #types = new Map<string, IonTypeName>();

  /** So many are remembered: whoever makes up field names must not take all memory. */
  static readonly MOST = 100_000;

  get(path: string): IonTypeName | undefined {
    return this.#types.get(path);
  }

  set(path: string, type: IonTypeName): void {
    if (this.#types.size < LearnedTypes.MOST) this.#types.set(path, type);
  }
}

/** What a document was read as. */
export interface FoundDocument {
  readonly data: IonValue;
  /** Whether its hash came out. */
  readonly isProven: boolean;
  readonly tries: number;
}

/**
 * Reads a document of JSON as the Ion that it was made from: the types of its
 * leaves are tried, the likeliest first, until its hash comes out. All leaves of
 * one path (the items of a list have one) are tried as of one type; then each
 * for itself.
 *
 * @param table - whose documents are alike
 * @param isRight - whether a document is the one that was hashed
 */
export async function findTypes(
  json: JsonValue,
  table: string,
  learned: LearnedTypes,
  isRight: (data: IonValue) => boolean,
  maxTries: number,
): Promise<FoundDocument> {
  let tries = 0;
  for (const alone of [false, true]) {
    const reading = new Reading(json, table, learned, alone);
    const limit = alone ? maxTries : Math.ceil(maxTries / 2);
    for (const choice of choices(reading.groups)) {
      if (tries >= limit) break;
      tries++;
      const data = reading.read(choice);
      if (isRight(data)) {
        reading.learn(choice);
        return { data, isProven: true, tries };
      }
      if (isTurnLong()) await nextTurn();
    }
  }
  const reading = new Reading(json, table, learned, false);
  const data = reading.read(reading.groups.map(() => 0));
  return { data, isProven: false, tries };
}

class Reading {
  readonly groups: Group[] = [];
  readonly #paths: string[] = [];
  readonly #numbers = new Map<string, number>();
  #leaves = 0;

  /** @param alone - whether each leaf is a group of its own */
  constructor(
    private readonly json: JsonValue,
    private readonly table: string,
    private readonly learned: LearnedTypes,
    private readonly alone: boolean,
  ) {
    this.#visit(json, table, (leaf, path) => {
      const name = this.#groupOf(leaf, path);
      if (this.#numbers.has(name)) return;
      this.#numbers.set(name, this.groups.length);
      this.#paths.push(path);
      this.groups.push({ types: this.#typesOf(leaf, path) });
    });
  }

  /** The document, with the types that were chosen for its groups. */
  read(choice: readonly number[]): IonValue {
    this.#leaves = 0;
    return this.#read(this.json, this.table, choice);
  }

  learn(choice: readonly number[]): void {
    for (const [n, { types }] of this.groups.entries())
      this.learned.set(this.#pathOf(n, types), types[choice[n]]);
  }

  #read(json: JsonValue, path: string, choice: readonly number[]): IonValue {
    if (typeof json === 'boolean') return json;
    if (json instanceof JsonObject)
      return IonStruct.of(
        json.fields.map(([name, value]): [string, IonValue] => [
          name,
          this.#read(value, `${path}/${name}`, choice),
        ]),
      );
    const number = this.#numbers.get(this.#groupOf(json, path)) ?? 0;
    const types = this.groups[number].types;
    const items = () =>
      (json as readonly JsonValue[]).map((item) =>
        this.#read(item, `${path}/*`, choice),
      );
    const wanted = types[choice[number]];
    // A leaf of a group may be unlike its first: then it is what it can be.
    const read = readLeaf(json, wanted, items);
    if (read !== undefined) return read;
    for (const type of typesOf(json)) {
      const other = readLeaf(json, type, items);
      if (other !== undefined) return other;
    }
    return null;
  }

  #visit(
    json: JsonValue,
    path: string,
    found: (leaf: Leaf, path: string) => void,
  ): void {
    if (typeof json === 'boolean') return;
    if (json instanceof JsonObject) {
      for (const [name, value] of json.fields)
        this.#visit(value, `${path}/${name}`, found);
      return;
    }
    found(json, path);
    if (isArray(json))
      for (const item of json) this.#visit(item, `${path}/*`, found);
  }

  #groupOf(leaf: Leaf, path: string): string {
    const kind = kindOf(leaf);
    return this.alone ? `${this.#leaves++}` : `${kind} ${path}`;
  }

  #typesOf(leaf: Leaf, path: string): readonly IonTypeName[] {
    const types = typesOf(leaf);
    const known = this.learned.get(`${kindOf(leaf)} ${path}`);
    return known === undefined || !types.includes(known)
      ? types
      : [known, ...types.filter((type) => type !== known)];
  }

  #pathOf(n: number, types: readonly IonTypeName[]): string {
    return `${kindOfTypes(types)} ${this.#paths[n]}`;
  }
}

const isArray = (json: JsonValue): json is readonly JsonValue[] =>
  Array.isArray(json);

function kindOf(leaf: Leaf): string {
  if (leaf === null) return 'null';
  if (typeof leaf === 'string') return 'text';
  return isArray(leaf) ? 'list' : 'number';
}

function kindOfTypes(types: readonly IonTypeName[]): string {
  if (types.includes('bool')) return 'null';
  if (types.includes('string')) return 'text';
  return types.includes('sexp') ? 'list' : 'number';
}

/**
 * All ways to choose a type for each group, those with the fewest unlikely
 * types first.
 */
function* choices(groups: readonly Group[]): Generator<readonly number[]> {
  const most = groups.reduce((sum, { types }) => sum + types.length - 1, 0);
  for (let cost = 0; cost <= most; cost++)
    yield* choicesOfCost(
      groups,
      cost,
      groups.map(() => 0),
      0,
    );
}

/** Ways in which the numbers of the types, the likeliest 0, add up to a cost. */
function* choicesOfCost(
  groups: readonly Group[],
  cost: number,
  choice: number[],
  from: number,
): Generator<readonly number[]> {
  if (cost === 0) {
    yield choice;
    return;
  }
  for (let n = from; n < groups.length; n++) {
    const most = Math.min(cost, groups[n].types.length - 1);
    for (let type = 1; type <= most; type++) {
      choice[n] = type;
      yield* choicesOfCost(groups, cost - type, choice, n + 1);
    }
    choice[n] = 0;
  }
}
