import { formatIonText } from '../../ion/text.js';
import type * as Ast from '../language/ast.js';

/** An expression in short, for a plan that is shown: what does not fit is `…`. */
export function writtenOut(node: Ast.Expression): string {
  switch (node.kind) {
    case 'Literal':
      return typeof node.value === 'string'
        ? `'${shortened(node.value)}'`
        : shortened(formatIonText(node.value));
    case 'Missing':
      return 'MISSING';
    case 'Parameter':
      return '?';
    case 'Variable':
      return node.name;
    case 'Path':
      return writtenOut(node.root) + node.steps.map(stepText).join('');
    case 'Unary':
      return `${node.operator === 'NOT' ? 'NOT ' : node.operator}${writtenOut(node.operand)}`;
    case 'Binary':
      return `${writtenOut(node.left)} ${node.operator} ${writtenOut(node.right)}`;
    case 'Logical':
      return `(${node.operands.map(writtenOut).join(` ${node.operator} `)})`;
    case 'Between':
      return `${writtenOut(node.value)} ${not(node)}BETWEEN ${writtenOut(node.low)} AND ${writtenOut(node.high)}`;
    case 'In':
      return `${writtenOut(node.value)} ${not(node)}IN ${writtenOut(node.collection)}`;
    case 'Like':
      return `${writtenOut(node.value)} ${not(node)}LIKE ${writtenOut(node.pattern)}`;
    case 'Is':
      return `${writtenOut(node.value)} IS ${not(node)}${node.type.name}`;
    case 'Call':
      return `${node.name.toUpperCase()}(${node.args.map(writtenOut).join(', ')})`;
    case 'Aggregate':
      return `${node.name.toUpperCase()}(${node.operand ? writtenOut(node.operand) : '*'})`;
    case 'Sequence':
      return sequenceText(node);
    case 'Query':
    case 'Select':
    case 'SetOperation':
      return '(SELECT …)';
    case 'Case':
    case 'Cast':
    case 'Struct':
      return '…';
  }
}

function not({ negated }: { readonly negated: boolean }): string {
  return negated ? 'NOT ' : '';
}

function stepText(step: Ast.PathStep): string {
  switch (step.kind) {
    case 'Field':
      return `.${step.name}`;
    case 'Index':
      return `[${writtenOut(step.index)}]`;
    case 'Wildcard':
      return '[*]';
    case 'Unpivot':
      return '.*';
  }
}

const MOST_ITEMS = 4;

function sequenceText({ type, items }: Ast.SequenceNode): string {
  const texts = items.slice(0, MOST_ITEMS).map(writtenOut);
  if (items.length > MOST_ITEMS) texts.push('…');
  const text = texts.join(', ');
  if (type === 'row') return `(${text})`;
  return type === 'list' ? `[${text}]` : `<< ${text} >>`;
}

const MOST_CHARACTERS = 60;

function shortened(text: string): string {
  return text.length > MOST_CHARACTERS
    ? `${text.slice(0, MOST_CHARACTERS)}…`
    : text;
}
