import { evaluationError, EvaluationFault } from '../../errors.js';
import type * as Ast from '../../language/ast.js';
import type { Position } from '../../language/print-location.js';
import { IonStruct, type IonValue } from '../../../ion/value.js';
import {
  Bag,
  bagOf,
  bare,
  isUnknown,
  itemsOf,
  MISSING,
  structOf,
  textOf,
  typeNameOf,
  orMissing,
} from '../../values/kinds.js';
import { spend } from '../../values/effort.js';
import { sizeOf } from '../../values/size.js';
import type { PlanContext } from '../context.js';
import type { Evaluate, Frame, Run } from '../runtime.js';
import { namedIn, type Scope } from '../scope.js';
import { constant, guarded, slotReader } from './evaluate.js';
import { compileRows } from './operand.js';

/**
 * A variable of the statement, else a field of the only source, else an error:
 * a table can stand in FROM only.
 */
export function compileVariable(
  context: PlanContext,
  node: Ast.VariableNode,
  scope: Scope,
): Evaluate {
  const { name } = node;
  const slot = scope.variable(node);
  if (slot !== undefined) return slotReader(context, slot);
  const global = namedIn(context.globals, node);
  if (global !== undefined) return constant(global);
  const sources = scope.nearestImplicit.map((implicit) =>
    slotReader(context, implicit),
  );
  const [first] = sources;
  if (first !== undefined) {
    const source = sources.length === 1 ? first : firstWithField(sources, node);
    return fieldReader(context, node.at, source, node);
  }
  throw context.semantic(
    node.at,
    context.catalog.relation([name]) === undefined
      ? `No such variable named '${name}'`
      : `Global variable access is illegal in this context, variable name: '${name}'`,
  );
}

/** Steps of an element that a wildcard finds. */
const ELEMENT = 8;

/** The first of several sources that has a field of this name. */
function firstWithField(
  sources: readonly Evaluate[],
  name: Ast.NameNode,
): Evaluate {
  return (frame, run) =>
    sources
      .map((source) => source(frame, run))
      .find((value) => field(value, name) !== MISSING) ?? MISSING;
}

/** Reads a field. To the specification, a field of NULL is NULL. */
function fieldReader(
  context: PlanContext,
  at: Position,
  root: Evaluate,
  name: Ast.NameNode,
): Evaluate {
  const { missingStaysMissing, absenceIsFault } = context.dialect;
  if (!missingStaysMissing) {
    return (frame, run) => field(root(frame, run), name);
  }
  return guarded(context, at, (frame, run) => {
    const value = root(frame, run);
    if (isUnknown(value)) {
      if (value !== MISSING) return null;
      if (absenceIsFault) throw noSuchPart(value);
      return MISSING;
    }
    const found = field(value, name);
    if (absenceIsFault) {
      if (found === MISSING) throw noSuchPart(value);
      if (isAmbiguous(value, name)) {
        throw new EvaluationFault(
          'the path is ambiguous: there are several fields of its name',
        );
      }
    }
    return found;
  });
}

function isAmbiguous(
  value: IonValue,
  { name, anyCase }: Ast.NameNode,
): boolean {
  const key = (text: string) => (anyCase === true ? text.toLowerCase() : text);
  let count = 0;
  for (const [other] of structOf(value)?.fields() ?? []) {
    if (key(other) === key(name)) count += 1;
  }
  return count > 1;
}

function noSuchPart(value: IonValue): EvaluationFault {
  return new EvaluationFault(
    `the path leads to nothing in this ${typeNameOf(value)}`,
  );
}

/** A field of a value; MISSING where there is none. */
export function field(value: IonValue, node: Ast.NameNode): IonValue {
  const struct = value instanceof IonStruct ? value : structOf(value);
  if (struct === undefined) return MISSING;
  const { name, anyCase } = node;
  if (anyCase !== true) return orMissing(struct.get(name));
  const exact = struct.get(name);
  if (exact !== undefined) return exact;
  const lower = name.toLowerCase();
  const found = struct
    .fields()
    .find(([other]) => other.toLowerCase() === lower);
  return orMissing(found?.[1]);
}

export function compilePath(
  context: PlanContext,
  node: Ast.PathNode,
  scope: Scope,
): Evaluate {
  let value = compileRows(context, node.root, scope);
  for (const [index, step] of node.steps.entries()) {
    const root = value;
    switch (step.kind) {
      case 'Field': {
        value = fieldReader(context, step.at, root, step);
        break;
      }
      case 'Index': {
        const key = context.compile(step.index, scope);
        const named =
          step.index.kind === 'Literal' ||
          step.index.kind === 'Cast' ||
          step.index.kind === 'Parameter' ||
          !context.dialect.missingStaysMissing;
        const { absenceIsFault } = context.dialect;
        value = guarded(context, step.at, (frame, run) => {
          const whole = root(frame, run);
          const part = element(whole, key(frame, run), named);
          if (part === MISSING && absenceIsFault && !isUnknown(whole)) {
            throw noSuchPart(whole);
          }
          return part;
        });
        break;
      }
      case 'Wildcard':
      case 'Unpivot': {
        const rest = node.steps.slice(index).map(compileExpansion);
        return (frame, run) => {
          let values: readonly IonValue[] = [root(frame, run)];
          for (const each of rest) {
            const found: IonValue[] = [];
            for (const item of values) {
              const parts = each(item, frame, run);
              spend(parts.length * ELEMENT);
              for (const part of parts) found.push(part);
            }
            values = found;
          }
          run.budget.admit(sizeOf(values));
          return bagOf(values);
        };
      }
    }
  }
  return value;

  function compileExpansion(
    step: Ast.PathStep,
  ): (item: IonValue, frame: Frame, run: Run) => readonly IonValue[] {
    switch (step.kind) {
      case 'Wildcard':
        return (item) => itemsOf(item) ?? otherwise(item, step, [item]);
      case 'Unpivot':
        return (item) =>
          structOf(item)
            ?.fields()
            .map((entry) => entry[1]) ??
          otherwise(item, step, item === MISSING ? [] : [item]);
      case 'Field':
        return (item) => {
          const part = field(item, step);
          return part === MISSING ? otherwise(item, step, []) : [part];
        };
      case 'Index': {
        const key = context.compile(step.index, scope);
        return (item, frame, run) => {
          const part = element(item, key(frame, run), true);
          return part === MISSING ? otherwise(item, step, []) : [part];
        };
      }
    }
  }

  /** What a step gives that finds nothing. */
  function otherwise(
    item: IonValue,
    { at }: Ast.PathStep,
    values: readonly IonValue[],
  ): readonly IonValue[] {
    if (!context.dialect.absenceIsFault) return values;
    throw evaluationError(context.source, at, noSuchPart(item).message);
  }
}

/** `value[key]`: an element of a list by its position from 0, or a field of a struct by its name. */
export function element(
  value: IonValue,
  key: IonValue,
  named: boolean,
): IonValue {
  const position = bare(key);
  if (typeof position === 'number') {
    const plain = bare(value);
    if (plain instanceof Bag) return MISSING;
    return orMissing(itemsOf(plain)?.[position]);
  }
  const name = named ? textOf(position) : undefined;
  return name === undefined ? MISSING : field(value, { name });
}
