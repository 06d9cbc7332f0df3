import type { IonValue } from '../../ion/value.js';
import type { Position } from './print-location.js';

/** Every node says what it is and where its text starts. */
interface NodeBase {
  readonly at: Position;
}

/** A name as it is looked for. */
export interface NameNode {
  readonly name: string;
  /** It was written without quotes where case does not count then; absent: it is meant as it stands. */
  readonly anyCase?: true;
}

// ---- Expressions -----------------------------------------------------------

export type Expression =
  | LiteralNode
  | DateTimeNode
  | MissingNode
  | ParameterNode
  | VariableNode
  | PathNode
  | UnaryNode
  | BinaryNode
  | LogicalNode
  | BetweenNode
  | InNode
  | LikeNode
  | IsNode
  | CaseNode
  | CastNode
  | CallNode
  | AggregateNode
  | SequenceNode
  | StructNode
  | QueryNode
  | SelectNode
  | SetOperationNode
  | WithNode;

export interface LiteralNode extends NodeBase {
  readonly kind: 'Literal';
  readonly value: IonValue;
}

/** `DATE '2024-02-29'`, `TIME (2) WITH TIME ZONE '23:59:59.5+05:30'`, `INTERVAL '1-6' YEAR TO MONTH` */
export interface DateTimeNode extends NodeBase {
  readonly kind: 'DateTime';
  readonly type: DateTimeTypeNode;
  /** What stands in the quotes. It need not say a date or a time: that is no question of syntax. */
  readonly text: string;
}

export interface MissingNode extends NodeBase {
  readonly kind: 'Missing';
}

export interface ParameterNode extends NodeBase {
  readonly kind: 'Parameter';
  /** From 0, in the order of the text. */
  readonly index: number;
}

export interface VariableNode extends NodeBase, NameNode {
  readonly kind: 'Variable';
  /** `@name`: a variable of this statement before a table of that name. */
  readonly lexical: boolean;
}

export interface PathNode extends NodeBase {
  readonly kind: 'Path';
  readonly root: Expression;
  readonly steps: readonly PathStep[];
}

export type PathStep =
  /** `.name`, `."name"` */
  | (NodeBase & NameNode & { readonly kind: 'Field' })
  /** `[expression]` */
  | (NodeBase & { readonly kind: 'Index'; readonly index: Expression })
  /** `[*]` */
  | (NodeBase & { readonly kind: 'Wildcard' })
  /** `.*` */
  | (NodeBase & { readonly kind: 'Unpivot' });

export interface UnaryNode extends NodeBase {
  readonly kind: 'Unary';
  readonly operator: '+' | '-' | 'NOT';
  readonly operand: Expression;
}

export type ArithmeticOperator = '+' | '-' | '*' | '/' | '%';
export type ComparisonOperator = '=' | '<>' | '<' | '<=' | '>' | '>=';

export interface BinaryNode extends NodeBase {
  readonly kind: 'Binary';
  readonly operator:
    ArithmeticOperator | ComparisonOperator | '||' | 'OVERLAPS';
  readonly left: Expression;
  readonly right: Expression;
}

/** AND and OR chains are flat, so that a long one is not a deep one. */
export interface LogicalNode extends NodeBase {
  readonly kind: 'Logical';
  readonly operator: 'AND' | 'OR';
  readonly operands: readonly Expression[];
}

export interface BetweenNode extends NodeBase {
  readonly kind: 'Between';
  readonly negated: boolean;
  readonly value: Expression;
  readonly low: Expression;
  readonly high: Expression;
}

export interface InNode extends NodeBase {
  readonly kind: 'In';
  readonly negated: boolean;
  readonly value: Expression;
  readonly collection: Expression;
}

export interface LikeNode extends NodeBase {
  readonly kind: 'Like';
  readonly negated: boolean;
  readonly value: Expression;
  readonly pattern: Expression;
  readonly escape?: Expression;
}

export interface IsNode extends NodeBase {
  readonly kind: 'Is';
  readonly negated: boolean;
  readonly value: Expression;
  readonly type: TypeNode;
}

/** A type's name as the grammar takes it, in its shortest form. */
export type TypeName =
  | 'MISSING'
  | 'NULL'
  | 'BOOL'
  | 'SMALLINT'
  | 'INT4'
  | 'INT8'
  | 'INT'
  | 'FLOAT'
  | 'DECIMAL'
  | 'DATE'
  | 'TIME'
  | 'TIMESTAMP'
  | 'INTERVAL'
  | 'CHAR'
  | 'VARCHAR'
  | 'STRING'
  | 'SYMBOL'
  | 'CLOB'
  | 'BLOB'
  | 'STRUCT'
  | 'LIST'
  | 'SEXP'
  | 'BAG';

export interface TypeNode extends NodeBase {
  readonly name: TypeName;
  /** `(length)`, or `(precision, scale)`. */
  readonly parameters: readonly number[];
  /** Of a TIME or a TIMESTAMP: true for WITH TIME ZONE, false for WITHOUT TIME ZONE, absent where neither is written. */
  readonly zone?: boolean;
  /** Of an INTERVAL: the fields that it has. */
  readonly qualifier?: IntervalQualifier;
}

export interface DateTimeTypeNode extends TypeNode {
  readonly name: 'DATE' | 'TIME' | 'TIMESTAMP' | 'INTERVAL';
}

export type IntervalField =
  'YEAR' | 'MONTH' | 'DAY' | 'HOUR' | 'MINUTE' | 'SECOND';

/** `DAY (3) TO SECOND (6)`, `SECOND (3, 6)` */
export interface IntervalQualifier {
  readonly from: IntervalField;
  /** The last field; absent if the first is the only one. */
  readonly to?: IntervalField;
  /** Most digits of the first field. */
  readonly precision?: number;
  /** Digits of the fraction of the seconds. */
  readonly fraction?: number;
}

export interface CaseNode extends NodeBase {
  readonly kind: 'Case';
  /** `CASE x WHEN …`: what every branch is compared with. */
  readonly subject?: Expression;
  readonly branches: readonly {
    readonly condition: Expression;
    readonly result: Expression;
  }[];
  readonly otherwise?: Expression;
}

export interface CastNode extends NodeBase {
  readonly kind: 'Cast';
  readonly value: Expression;
  readonly type: TypeNode;
}

export interface CallNode extends NodeBase {
  readonly kind: 'Call';
  /** In lower case. */
  readonly name: string;
  readonly args: readonly Expression[];
  /** `EXTRACT(year FROM …)`, `DATE_ADD(year, …)`, `TRIM(BOTH …)`: the bare word, in lower case. */
  readonly word?: string;
}

export type AggregateName =
  'avg' | 'count' | 'max' | 'min' | 'sum' | 'every' | 'any';

export interface AggregateNode extends NodeBase {
  readonly kind: 'Aggregate';
  readonly name: AggregateName;
  readonly distinct: boolean;
  /** Absent for `COUNT(*)`. */
  readonly operand?: Expression;
  /** `COLL_SUM(x)` folds a collection, not the rows of the query. */
  readonly overCollection: boolean;
}

export interface SequenceNode extends NodeBase {
  readonly kind: 'Sequence';
  /** A row value `(a, b)` is a list that was written with parentheses. */
  readonly type: 'list' | 'bag' | 'row';
  readonly items: readonly Expression[];
  /** Written as `VALUES (…), (…)`, a bag of lists. */
  readonly values?: true;
}

export interface StructNode extends NodeBase {
  readonly kind: 'Struct';
  readonly fields: readonly {
    readonly name: Expression;
    readonly value: Expression;
  }[];
}

// ---- Queries ---------------------------------------------------------------

/** A query with what applies to its result as a whole. */
export interface QueryNode extends NodeBase {
  readonly kind: 'Query';
  readonly body: Expression;
  readonly orderBy: readonly OrderNode[];
  readonly limit?: Expression;
  readonly offset?: Expression;
}

export interface OrderNode extends NodeBase {
  readonly value: Expression;
  readonly descending: boolean;
  readonly nullsFirst: boolean;
}

export interface SelectNode extends NodeBase {
  readonly kind: 'Select';
  readonly distinct: boolean;
  readonly projection: Projection;
  readonly from: FromNode;
  readonly let: readonly LetNode[];
  readonly where?: Expression;
  readonly group?: GroupNode;
  readonly having?: Expression;
}

export type Projection =
  | { readonly kind: 'Star' }
  | { readonly kind: 'Value'; readonly value: Expression }
  | { readonly kind: 'Items'; readonly items: readonly SelectItem[] }
  | {
      readonly kind: 'Pivot';
      readonly value: Expression;
      readonly name: Expression;
    };

export type SelectItem =
  /** `expression [AS alias]` */
  | (NodeBase & {
      readonly kind: 'Item';
      readonly value: Expression;
      readonly alias?: string;
    })
  /** `expression.*` */
  | (NodeBase & { readonly kind: 'All'; readonly value: Expression });

export interface LetNode extends NodeBase {
  readonly value: Expression;
  readonly name: string;
}

export interface GroupNode extends NodeBase {
  readonly keys: readonly (NodeBase & {
    readonly value: Expression;
    readonly alias?: string;
  })[];
  /** `GROUP AS name` */
  readonly groupAs?: string;
}

export interface SetOperationNode extends NodeBase {
  readonly kind: 'SetOperation';
  readonly operator: 'UNION' | 'INTERSECT' | 'EXCEPT';
  /** `OUTER UNION` takes any operand; without it both must be collections. */
  readonly outer: boolean;
  readonly all: boolean;
  /** `CORRESPONDING BY (name, …)`: the columns that count; none: those that both sides have. */
  readonly corresponding?: readonly NameNode[];
  readonly left: Expression;
  readonly right: Expression;
}

/** `WITH name AS (query), … body`: queries that have names in the body, and in those behind them. */
export interface WithNode extends NodeBase {
  readonly kind: 'With';
  readonly queries: readonly (AliasNode & { readonly value: Expression })[];
  readonly body: Expression;
}

/** A name that a statement introduces. */
export interface AliasNode extends NodeBase {
  readonly name: string;
}

export type FromNode = SourceNode | JoinNode;

export interface SourceNode extends NodeBase {
  readonly kind: 'Source';
  readonly value: Expression;
  readonly unpivot: boolean;
  readonly as?: AliasNode;
  /** `AT`: position in a list, or name of an unpivoted field. */
  readonly position?: AliasNode;
  /** `BY`: document id. */
  readonly by?: AliasNode;
}

export interface JoinNode extends NodeBase {
  readonly kind: 'Join';
  readonly type: 'inner' | 'left' | 'right' | 'full';
  readonly left: FromNode;
  readonly right: FromNode;
  readonly on?: Expression;
}

// ---- Statements ------------------------------------------------------------

export type StatementNode = PlainStatementNode | ExplainNode;

export type PlainStatementNode =
  | SelectStatementNode
  | InsertNode
  | ChangeNode
  | CreateTableNode
  | CreateIndexNode
  | DropTableNode
  | DropIndexNode
  | UndropTableNode
  | ExecNode;

/** EXPLAIN: how the statement behind it would run. */
export interface ExplainNode extends NodeBase {
  readonly kind: 'Explain';
  readonly statement: PlainStatementNode;
}

export interface SelectStatementNode extends NodeBase {
  readonly kind: 'SelectStatement';
  readonly query: Expression;
}

/** A table as a statement that changes it names it. */
export interface TableNode extends NodeBase {
  readonly path: readonly string[];
}

export interface InsertNode extends NodeBase {
  readonly kind: 'Insert';
  readonly table: TableNode;
  readonly value: Expression;
  /** `VALUE document`: one document. Otherwise a collection gives one document an element. */
  readonly single: boolean;
}

/** UPDATE, `FROM … SET`, DELETE: the rows of a source, and what is done to each. */
export interface ChangeNode extends NodeBase {
  readonly kind: 'Change';
  /** How it was written: `UPDATE … SET … WHERE`, `FROM … WHERE … SET`, or `DELETE FROM … WHERE`. */
  readonly verb: 'UPDATE' | 'FROM' | 'DELETE';
  readonly from: FromNode;
  readonly where?: Expression;
  readonly operations: readonly ChangeOperation[];
}

export type ChangeOperation =
  | (NodeBase & {
      readonly kind: 'Set';
      readonly target: TargetNode;
      readonly value: Expression;
    })
  | (NodeBase & {
      readonly kind: 'InsertInto';
      readonly target: TargetNode;
      readonly value: Expression;
      readonly position?: Expression;
    })
  | (NodeBase & { readonly kind: 'Remove'; readonly target: TargetNode })
  | (NodeBase & { readonly kind: 'Delete' });

/** A simple path: a name, then field names and literal positions. */
export interface TargetNode extends NodeBase {
  readonly name: string;
  readonly steps: readonly (string | number)[];
}

export interface CreateTableNode extends NodeBase {
  readonly kind: 'CreateTable';
  readonly name: string;
}

export interface CreateIndexNode extends NodeBase {
  readonly kind: 'CreateIndex';
  readonly table: TableNode;
  readonly field: string;
}

export interface DropTableNode extends NodeBase {
  readonly kind: 'DropTable';
  readonly table: TableNode;
}

export interface DropIndexNode extends NodeBase {
  readonly kind: 'DropIndex';
  readonly index: string;
  readonly table: TableNode;
}

export interface UndropTableNode extends NodeBase {
  readonly kind: 'UndropTable';
  readonly tableId: string;
}

export interface ExecNode extends NodeBase {
  readonly kind: 'Exec';
  readonly procedure: string;
  readonly args: readonly Expression[];
}
