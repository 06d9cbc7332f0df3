import type * as Ast from '../../language/ast.js';
import { IonStruct, type IonField, type IonValue } from '../../../ion/value.js';
import { EvaluationFault } from '../../errors.js';
import { bagOf, MISSING, textOf, typeNameOf } from '../../values/kinds.js';
import { sizeOf } from '../../values/size.js';
import type { PlanContext } from '../context.js';
import type { Evaluate, Frame, Run } from '../runtime.js';
import { namedIn, type Scope } from '../scope.js';
import { constant, guarded } from './evaluate.js';

export function compileSequence(
  context: PlanContext,
  node: Ast.SequenceNode,
  items: readonly Evaluate[],
): Evaluate {
  context.mayHoldMissing ||= node.items.some(mayBeMissing);
  if (node.items.every(({ kind }) => kind === 'Literal')) {
    const values = node.items.map((item) =>
      item.kind === 'Literal' ? item.value : MISSING,
    );
    return constant(node.type === 'bag' ? bagOf(values) : values);
  }
  // A long list is work too, though an element is less of it than a row.
  const work = items.length >> 4;
  const members: (frame: Frame, run: Run) => readonly IonValue[] = (
    frame,
    run,
  ) => {
    run.work += work;
    const values: IonValue[] = [];
    let size = 0;
    for (const item of items) {
      const value = item(frame, run);
      size += sizeOf(value);
      run.budget.admit(size);
      values.push(value);
    }
    return values;
  };
  return node.type === 'bag'
    ? (frame, run) => bagOf(members(frame, run))
    : members;
}

/** Whether an element can be MISSING by itself; what a constructor or a caller makes cannot. */
function mayBeMissing({ kind }: Ast.Expression): boolean {
  return (
    kind !== 'Literal' &&
    kind !== 'DateTime' &&
    kind !== 'Parameter' &&
    kind !== 'Struct' &&
    kind !== 'Sequence'
  );
}

/** Whether the name of a field is a bare word that no variable has. */
function isText(
  { dialect, globals }: PlanContext,
  node: Ast.Expression,
  scope: Scope,
): node is Ast.VariableNode {
  return (
    dialect.namesAreKeys &&
    node.kind === 'Variable' &&
    node.anyCase === true &&
    scope.variable(node) === undefined &&
    namedIn(globals, node) === undefined
  );
}

export function compileStruct(
  context: PlanContext,
  node: Ast.StructNode,
  scope: Scope,
): Evaluate {
  const fields = node.fields.map(
    ({ name, value }) =>
      [
        isText(context, name, scope)
          ? constant(name.name)
          : context.compile(name, scope),
        context.compile(value, scope),
      ] as const,
  );
  return guarded(context, node.at, (frame, run) => {
    const entries: IonField[] = [];
    let size = 0;
    for (const [nameOf, valueOf] of fields) {
      const nameValue = nameOf(frame, run);
      const name = textOf(nameValue);
      if (name === undefined) {
        if (context.dialect.faultsAreMissing) continue;
        throw new EvaluationFault(
          `the name of a field must be a string, and this one is ${typeNameOf(nameValue)}`,
        );
      }
      const value = valueOf(frame, run);
      if (value === MISSING) continue;
      size += name.length + sizeOf(value);
      run.budget.admit(size);
      entries.push([name, value]);
    }
    return IonStruct.of(entries);
  });
}
