import { IonStruct, type IonField, type IonValue } from '../../ion/value.js';
import { EvaluationFault } from '../errors.js';
import type * as Ast from '../language/ast.js';
import { MISSING, structOf, textOf, typeNameOf } from '../values/kinds.js';
import { sizeOf } from '../values/size.js';
import type { Budget } from './budget.js';
import type { PlanContext } from './context.js';
import { defaultName, type Source } from './source.js';
import type { Evaluate } from './runtime.js';
import type { Scope } from './scope.js';

/** What `*` takes from one source: its value, and the variables beside it. */
interface Star {
  readonly slot: number;
  readonly ordinal: number;
  /** A field by itself, even if the value is a struct; what GROUP BY gives. */
  readonly name?: string;
}

/** Compiles the select list to a closure that makes the row. */
export function compileProjection(
  context: PlanContext,
  projection: Exclude<Ast.Projection, { kind: 'Pivot' }>,
  scope: Scope,
  sources: readonly Source[] | undefined,
): Evaluate {
  switch (projection.kind) {
    case 'Value':
      return context.compile(projection.value, scope);
    case 'Star':
      return star(
        sources?.flatMap(starsOf) ??
          scope.entries.map(([name, slot], index) => ({
            slot,
            name,
            ordinal: index + 1,
          })),
      );
    case 'Items':
      return items(context, projection.items, scope);
  }
}

/** `AT` and `BY` names are fields too, behind those of their source. */
function starsOf(source: Source, index: number): readonly Star[] {
  const stars: Star[] = [{ slot: source.slot, ordinal: index + 1 }];
  const { position, by } = source;
  if (position !== undefined && position.name !== '') {
    stars.push({ ...position, ordinal: index + 1 });
  }
  if (by !== undefined) stars.push({ ...by, ordinal: index + 1 });
  return stars;
}

function star(stars: readonly Star[]): Evaluate {
  const only = stars.length === 1 ? stars[0] : undefined;
  if (only !== undefined && only.name === undefined) {
    const { slot } = only;
    // The document passes as it is: its bytes are not decoded.
    return (frame) => {
      const value = frame[slot];
      if (value instanceof IonStruct || structOf(value)) return value;
      return IonStruct.of(value === MISSING ? [] : [['_1', value]]);
    };
  }
  return (frame, run) => {
    const fields: IonField[] = [];
    let size = 0;
    for (const { slot, name, ordinal } of stars) {
      const value = frame[slot];
      if (value === MISSING) continue;
      size += sizeOf(value);
      run.budget.admit(size);
      const struct = name === undefined ? structOf(value) : undefined;
      if (struct === undefined) fields.push([name ?? `_${ordinal}`, value]);
      else for (const field of struct) fields.push(field);
    }
    return IonStruct.of(fields);
  };
}

function items(
  context: PlanContext,
  list: readonly Ast.SelectItem[],
  scope: Scope,
): Evaluate {
  let unnamed = 0;
  const compiled = list.map((item, index) => {
    const name = itemName(item);
    if (name === undefined) unnamed += 1;
    const place = context.dialect.countsUnnamed ? unnamed : index + 1;
    return {
      evaluate: context.compile(item.value, scope),
      name: name ?? `_${place}`,
      all: item.kind === 'All',
    };
  });
  return (frame, run) => {
    const fields: IonField[] = [];
    let size = 0;
    for (const { evaluate, name, all } of compiled) {
      const value = evaluate(frame, run);
      if (value === MISSING) continue;
      size += name.length + sizeOf(value);
      run.budget.admit(size);
      const struct = all ? structOf(value) : undefined;
      if (struct === undefined) fields.push([name, value]);
      else for (const field of struct) fields.push(field);
    }
    return IonStruct.of(fields);
  };
}

/** The alias, else the last step of a path; undefined for what has neither. */
function itemName(item: Ast.SelectItem): string | undefined {
  return item.kind === 'Item'
    ? (item.alias ?? defaultName(item.value))
    : undefined;
}

/** PIVOT: one struct of all rows. */
export class Pivot {
  readonly #fields: IonField[] = [];
  #size = 0;

  /** @param isStrict - whether a name that is no text is a fault, and its field not just left out */
  constructor(
    readonly budget: Budget,
    readonly isStrict: boolean,
  ) {}

  add(name: IonValue, value: IonValue): void {
    const text = textOf(name);
    if (text === undefined && this.isStrict) {
      throw new EvaluationFault(
        `the name of a field must be a string, and this one is ${typeNameOf(name)}`,
      );
    }
    if (text !== undefined && value !== MISSING) {
      const size = text.length + sizeOf(value);
      this.#size += size;
      this.budget.admit(this.#size);
      this.budget.hold(size);
      this.#fields.push([text, value]);
    }
  }

  result(): IonStruct {
    return IonStruct.of(this.#fields);
  }
}
