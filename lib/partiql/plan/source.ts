import type * as Ast from '../language/ast.js';
import type { NamedRelation } from './access/relation.js';

/** One thing that FROM ranges over, and where its variables are. */
export interface Source {
  readonly node: Ast.SourceNode;
  readonly name: string;
  readonly slot: number;
  readonly position?: { readonly name: string; readonly slot: number };
  readonly by?: { readonly name: string; readonly slot: number };
  /** What it reads, if that is a relation. */
  readonly relation?: NamedRelation;
}

/** The slots of a source's variables. */
export function slotsOf(source: Source): readonly number[] {
  return [source.slot, source.position?.slot, source.by?.slot].filter(
    (slot) => slot !== undefined,
  );
}

/** The name that a path gives what it leads to. */
export function defaultName(node: Ast.Expression): string | undefined {
  if (node.kind === 'Variable') return node.name;
  if (node.kind === 'Cast') return defaultName(node.value);
  if (node.kind !== 'Path') return undefined;
  const last = node.steps.at(-1);
  if (last?.kind === 'Field') return last.name;
  return last?.kind === 'Index' &&
    last.index.kind === 'Literal' &&
    typeof last.index.value === 'string'
    ? last.index.value
    : undefined;
}
