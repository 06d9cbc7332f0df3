import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { parseIonTextSequence } from '../../lib/ion/text.js';
import {
  Decimal,
  IonAnnotated,
  IonNull,
  IonSexp,
  IonStruct,
  IonSymbol,
  Timestamp,
  type IonValue,
} from '../../lib/ion/value.js';
import { bagOf, MISSING, textOf } from '../../lib/partiql/values/kinds.js';

/** What a case must come to, in one of the suite's two modes. */
export interface Assertion {
  readonly result: string;
  readonly modes: readonly string[];
  readonly output?: IonValue;
}

/** One case of partiql-tests. */
export interface Case {
  /** Path of its file in the suite. */
  readonly file: string;
  /** Names of the groups around it, and its own, joined by ` > `. */
  readonly name: string;
  readonly statements: readonly string[];
  readonly env: ReadonlyMap<string, IonValue>;
  readonly assertions: readonly Assertion[];
}

type Classes = Map<string, readonly string[]>;

/** All cases of the suite; files that cannot be read are given to `unreadable`. */
export function readCases(
  folder: string,
  unreadable: (file: string) => void,
): readonly Case[] {
  return ionFiles(folder).flatMap((path) => {
    const file = relative(folder, path);
    let values: readonly IonValue[];
    try {
      values = [...parseIonTextSequence(readFileSync(path, 'utf8'))];
    } catch {
      unreadable(file);
      return [];
    }
    return [...casesOf(file, values, [], new Map(), new Map())];
  });
}

function ionFiles(folder: string): readonly string[] {
  return readdirSync(folder, { withFileTypes: true })
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return ionFiles(path);
      return entry.name.endsWith('.ion') ? [path] : [];
    });
}

function* casesOf(
  file: string,
  values: readonly IonValue[],
  groups: readonly string[],
  outerEnv: ReadonlyMap<string, IonValue>,
  classes: Classes,
): Generator<Case> {
  let env = outerEnv;
  for (const value of values) {
    const tag =
      value instanceof IonAnnotated ? value.annotations[0] : undefined;
    const plain = value instanceof IonAnnotated ? value.value : value;
    if (Array.isArray(plain)) {
      const items = plain as readonly IonValue[];
      yield* casesOf(file, items, [...groups, tag ?? ''], env, classes);
    } else if (!(plain instanceof IonStruct)) {
      throw new Error(`${file}: neither a case nor a group`);
    } else if (tag === 'envs') {
      env = new Map([...env, ...envOf(plain)]);
    } else if (tag === 'equiv_class') {
      const statements = plain.get('statements') as readonly IonValue[];
      classes.set(text(plain.get('id')), statements.map(text));
    } else yield caseOf(file, plain, groups, env, classes);
  }
}

function caseOf(
  file: string,
  node: IonStruct,
  groups: readonly string[],
  env: ReadonlyMap<string, IonValue>,
  classes: Classes,
): Case {
  const statement = node.get('statement');
  const own = node.get('env');
  const assert = node.get('assert') ?? null;
  const assertions = (
    Array.isArray(assert) ? assert : [assert]
  ) as readonly IonValue[];
  return {
    file,
    name: [...groups, text(node.get('name'))].join(' > '),
    statements:
      statement instanceof IonSymbol
        ? (classes.get(text(statement)) ?? [])
        : [text(statement)],
    env: own instanceof IonStruct ? new Map([...env, ...envOf(own)]) : env,
    assertions: assertions.map((assertion) => {
      const struct = assertion as IonStruct;
      const modes = struct.get('evalMode') ?? [];
      const output = struct.get('output');
      return {
        result: text(struct.get('result')),
        modes: (Array.isArray(modes) ? modes : [modes]).map(text),
        output: output === undefined ? undefined : internal(output),
      };
    }),
  };
}

function envOf(struct: IonStruct): readonly (readonly [string, IonValue])[] {
  return struct
    .fields()
    .map(([name, value]) => [name, internal(value)] as const);
}

function text(value: IonValue | undefined): string {
  return textOf(value ?? null) ?? '';
}

/** A timestamp that the suite writes by its fields; undefined if Ion has none of that year. */
function timestampOf(fields: IonStruct): IonValue | undefined {
  const int = (name: string) => Number(fields.get(name));
  const year = int('year');
  if (year < 1 || year > 9999) return undefined;
  const second = fields.get('second');
  const offset = fields.get('offset') ?? null;
  return new Timestamp(
    offset === null ? -0 : Number(offset),
    year,
    int('month'),
    int('day'),
    int('hour'),
    int('minute'),
    second instanceof Decimal ? second : new Decimal(Number(second), 0),
  );
}

/**
 * The suite writes bags and MISSING as annotated lists and nulls, timestamps as
 * annotated structs. Dates, times and intervals are here as it writes them.
 */
function internal(value: IonValue): IonValue {
  if (value instanceof IonAnnotated) {
    const [tag] = value.annotations;
    if (tag === '$missing') return MISSING;
    const inner = internal(value.value);
    if (tag === '$timestamp' && inner instanceof IonStruct) {
      return timestampOf(inner) ?? value;
    }
    if (tag === '$bag' && Array.isArray(inner)) {
      return bagOf(inner as readonly IonValue[]);
    }
    return new IonAnnotated(
      value.annotations,
      inner as Exclude<IonValue, IonAnnotated>,
    );
  }
  if (Array.isArray(value)) return (value as readonly IonValue[]).map(internal);
  if (value instanceof IonSexp) return new IonSexp(value.items.map(internal));
  if (value instanceof IonStruct) return IonStruct.of(envOf(value));
  return value instanceof IonNull ? value : value;
}
