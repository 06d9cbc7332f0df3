import type { Relation } from '../../catalog.js';
import type * as Ast from '../../language/ast.js';
import { writtenOut } from '../written-out.js';
import type { Conjunct } from './conjuncts.js';
import { pathOf } from './key-conditions.js';
import type { RelationRead } from './relation-read.js';
import { someExpression } from '../walk.js';

/** Why the indexes of a relation do not serve conditions that have to do with their fields; a sentence for each. */
export function indexMisfits(
  read: RelationRead,
  relation: Relation,
): readonly string[] {
  const field = (path: readonly string[]) => path.at(-1) ?? '';
  return relation.indexes.flatMap((index) =>
    read.conjuncts.flatMap((conjunct) => {
      const paths = pathsIn(read, conjunct);
      const name = field(index);
      if (paths.some((path) => path.join('\0') === index.join('\0'))) {
        const reason = misfitOf(read, conjunct, name);
        return [
          `The index on ${name} does not serve ${writtenOut(conjunct.node)}: ${reason}`,
        ];
      }
      const other = paths.find((path) => field(path) === name);
      return other === undefined
        ? []
        : [
            `The index on ${name} does not serve ${writtenOut(conjunct.node)}: it is on ${index.join('.')}, and not on ${other.join('.')}`,
          ];
    }),
  );
}

/** The paths into the rows of the relation that a condition has in it. */
function pathsIn(
  { context, source }: RelationRead,
  { node, scope }: Conjunct,
): readonly (readonly string[])[] {
  const paths: (readonly string[])[] = [];
  someExpression(node, (part) => {
    const path = pathOf(context, part, source, scope);
    if (path === undefined || path === 'id') return false;
    paths.push(path);
    return false;
  });
  return paths;
}

function misfitOf(
  { context, source }: RelationRead,
  { node, scope }: Conjunct,
  name: string,
): string {
  const isPath = (part: Ast.Expression) =>
    pathOf(context, part, source, scope) !== undefined;
  const around = 'the field has to stand by itself';
  const equal = 'an index finds equal values only';
  const unknown = 'what it equals is not known before the row is read';
  if (node.kind === 'Binary') {
    if (!isPath(node.left) && !isPath(node.right)) return around;
    return node.operator === '=' ? unknown : equal;
  }
  if (node.kind === 'In') {
    if (!isPath(node.value)) return around;
    if (node.negated) return equal;
    const { collection } = node;
    return collection.kind === 'Sequence' && collection.type === 'row'
      ? unknown
      : `IN looks up a list in parentheses only, such as ${name} IN (?, ?)`;
  }
  if (node.kind === 'Logical' && node.operator === 'OR') {
    return 'with OR, rows without that value are wanted as well; a list in parentheses after IN can take the place of equalities of one field';
  }
  return ['Between', 'Like', 'Is', 'Unary'].includes(node.kind)
    ? equal
    : around;
}
