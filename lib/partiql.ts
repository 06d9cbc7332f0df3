/**
 * PartiQL without a ledger: queries over plain data, and the language's syntax
 * trees.
 *
 * @packageDocumentation
 */
export { PartiqlError, type PartiqlErrorCode } from './partiql/errors.js';
export { evaluate, type EvaluateOptions } from './partiql/evaluate.js';
export type {
  AggregateName,
  AggregateNode,
  AliasNode,
  ArithmeticOperator,
  BetweenNode,
  BinaryNode,
  CallNode,
  CaseNode,
  CastNode,
  ChangeNode,
  ChangeOperation,
  ComparisonOperator,
  CreateIndexNode,
  CreateTableNode,
  DateTimeNode,
  DateTimeTypeNode,
  DropIndexNode,
  DropTableNode,
  ExecNode,
  ExplainNode,
  Expression,
  FromNode,
  GroupNode,
  InNode,
  InsertNode,
  IntervalField,
  IntervalQualifier,
  IsNode,
  JoinNode,
  LetNode,
  LikeNode,
  LiteralNode,
  LogicalNode,
  MissingNode,
  NameNode,
  OrderNode,
  ParameterNode,
  PathNode,
  PathStep,
  PlainStatementNode,
  Projection,
  QueryNode,
  SelectItem,
  SelectNode,
  SelectStatementNode,
  SequenceNode,
  SetOperationNode,
  SourceNode,
  StatementNode,
  StructNode,
  TableNode,
  TargetNode,
  TypeName,
  TypeNode,
  UnaryNode,
  UndropTableNode,
  VariableNode,
  WithNode,
} from './partiql/language/ast.js';
export type { ParseOptions } from './partiql/language/parser/index.js';
export { print } from './partiql/language/print/index.js';
export type { Position } from './partiql/language/print-location.js';
export type { Typing } from './partiql/dialect.js';
export { parseTree as parse } from './partiql/syntax-tree.js';
