import type * as Ast from '../../language/ast.js';
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
  orMissing,
} from '../../values/kinds.js';
import { spend } from '../../values/effort.js';
import { sizeOf } from '../../values/size.js';
import type { PlanContext } from '../context.js';
import type { Evaluate, Frame, Run } from '../runtime.js';
import type { Scope } from '../scope.js';
import { constant, slotReader } from './evaluate.js';

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
  const slot = scope.variable(name);
  if (slot !== undefined) return slotReader(context, slot);
  const global = context.globals.get(name);
  if (global !== undefined) return constant(global);
  const binding = scope.resolve(name);
  if (binding !== undefined) {
    const source = slotReader(context, binding.slot);
    return fieldReader(context, source, name);
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

/** Reads a field. To the specification, a field of NULL is NULL. */
function fieldReader(
  context: PlanContext,
  root: Evaluate,
  name: string,
): Evaluate {
  if (!context.dialect.missingStaysMissing) {
    return (frame, run) => field(root(frame, run), name);
  }
  return (frame, run) => {
    const value = root(frame, run);
    return isUnknown(value) && value !== MISSING ? null : field(value, name);
  };
}

/** A field of a value; MISSING where there is none. */
export function field(value: IonValue, name: string): IonValue {
  if (value instanceof IonStruct) return orMissing(value.get(name));
  return orMissing(structOf(value)?.get(name));
}

export function compilePath(
  context: PlanContext,
  node: Ast.PathNode,
  scope: Scope,
): Evaluate {
  let value = context.compile(node.root, scope);
  for (const [index, step] of node.steps.entries()) {
    const root = value;
    switch (step.kind) {
      case 'Field': {
        value = fieldReader(context, root, step.name);
        break;
      }
      case 'Index': {
        const key = context.compile(step.index, scope);
        const named =
          step.index.kind === 'Literal' ||
          step.index.kind === 'Cast' ||
          step.index.kind === 'Parameter' ||
          !context.dialect.missingStaysMissing;
        value = (frame, run) =>
          element(root(frame, run), key(frame, run), named);
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
        return (item) => itemsOf(item) ?? [item];
      case 'Unpivot':
        return (item) =>
          structOf(item)
            ?.fields()
            .map((entry) => entry[1]) ?? [item];
      case 'Field':
        return (item) => present(field(item, step.name));
      case 'Index': {
        const key = context.compile(step.index, scope);
        return (item, frame, run) =>
          present(element(item, key(frame, run), true));
      }
    }
  }
}

function present(value: IonValue): readonly IonValue[] {
  return value === MISSING ? [] : [value];
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
  return name === undefined ? MISSING : field(value, name);
}
