import {
  IonAnnotated,
  IonStruct,
  type IonField,
  type IonValue,
} from '../../ion/value.js';
import { EvaluationFault } from '../errors.js';
import { bare, structOf } from '../values/kinds.js';

/** A place in a document: field names, and positions in lists from 0. */
export type DocumentPath = readonly (string | number)[];

/** What is done at the end of a path: the new value, or undefined to remove what is there. */
type Edit = (current: IonValue | undefined) => IonValue | undefined;

function unresolved(path: DocumentPath, from: number): EvaluationFault {
  const steps = path
    .slice(from)
    .map((step) =>
      typeof step === 'number' ? `Index(index=${step})` : `Field(name=${step})`,
    );
  return new EvaluationFault(
    `Document path cannot be resolved: the remaining path was not found: DocumentPath(path=[${steps.join(', ')}])`,
  );
}

/** The value with another one in its place, and its own annotations. */
function like(original: IonValue, value: IonValue): IonValue {
  return original instanceof IonAnnotated
    ? new IonAnnotated(original.annotations, bareValue(value))
    : value;
}

function bareValue(value: IonValue): Exclude<IonValue, IonAnnotated> {
  return value instanceof IonAnnotated ? value.value : value;
}

/**
 * Copies a value with one place changed. Fields that stay keep their order, a
 * new one comes last, and so does an element behind the end of a list.
 *
 * @throws EvaluationFault where the path leads through what is not there; only
 *   its last field may be new.
 */
export function edit(
  value: IonValue,
  path: DocumentPath,
  change: Edit,
  from = 0,
): IonValue | undefined {
  const step = path[from];
  if (step === undefined) return change(value);
  const isLast = from === path.length - 1;
  const inside = (current: IonValue | undefined) => {
    if (isLast) return change(current);
    if (current === undefined) throw unresolved(path, from);
    return edit(current, path, change, from + 1);
  };

  const plain = bare(value);
  if (typeof step === 'string') {
    const struct = structOf(plain);
    if (struct === undefined) throw unresolved(path, from);
    return like(value, editField(struct, step, inside));
  }
  if (!Array.isArray(plain)) throw unresolved(path, from);
  const items = plain as readonly IonValue[];
  if (step >= items.length) throw unresolved(path, from);
  const changed = inside(items[step]);
  return like(
    value,
    changed === undefined
      ? items.toSpliced(step, 1)
      : items.with(step, changed),
  );
}

function editField(struct: IonStruct, name: string, inside: Edit): IonStruct {
  const fields: IonField[] = [];
  let found = false;
  for (const field of struct) {
    if (field[0] !== name || found) {
      fields.push(field);
      continue;
    }
    found = true;
    const changed = inside(field[1]);
    if (changed !== undefined) fields.push([name, changed]);
  }
  if (!found) {
    const added = inside(undefined);
    if (added !== undefined) fields.push([name, added]);
  }
  return IonStruct.of(fields);
}

/** SET: puts a value at a path. */
export function set(
  document: IonValue,
  path: DocumentPath,
  value: IonValue,
): IonValue {
  return edit(document, path, () => value) ?? document;
}

/** REMOVE: takes what is at a path out of its struct or list. */
export function remove(document: IonValue, path: DocumentPath): IonValue {
  const result = edit(document, path, (current) => {
    if (current === undefined) throw unresolved(path, path.length - 1);
    return undefined;
  });
  return result ?? document;
}

/**
 * INSERT INTO: adds a field to a struct, or an element to a list, at its end or
 * at a position.
 *
 * @param isLiteral whether the position stands in the statement's text; an error
 *   repeats no other.
 */
export function insert(
  document: IonValue,
  path: DocumentPath,
  value: IonValue,
  at: string | number | undefined,
  isLiteral: boolean,
): IonValue {
  const noSuchPlace = () =>
    at === undefined || isLiteral
      ? unresolved([at ?? ''], 0)
      : new EvaluationFault(
          'Document path cannot be resolved: there is no place of the name or position after AT',
        );
  const result = edit(document, path, (current) => {
    const target = current === undefined ? undefined : bare(current);
    if (current === undefined || target === undefined) {
      throw unresolved(path, path.length - 1);
    }
    if (Array.isArray(target)) {
      const items = target as readonly IonValue[];
      const position = at ?? items.length;
      if (
        typeof position !== 'number' ||
        position < 0 ||
        position > items.length
      ) {
        throw noSuchPlace();
      }
      return like(current, items.toSpliced(position, 0, value));
    }
    const struct = structOf(target);
    if (struct === undefined) throw noSuchPlace();
    if (typeof at !== 'string') {
      throw new EvaluationFault(
        "INSERT INTO a struct needs the name of the new field: VALUE … AT 'name'",
      );
    }
    if (struct.has(at)) {
      throw new EvaluationFault(
        'INSERT INTO a struct found a field of that name; use SET to change it',
      );
    }
    return like(current, IonStruct.of([...struct.fields(), [at, value]]));
  });
  return result ?? document;
}
