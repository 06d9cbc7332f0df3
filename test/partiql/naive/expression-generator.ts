import type { Random } from '../../contract/random.js';
import { anyOf, number, smallNumber, textOf, type Column } from './dataset.js';

/** Something that an expression can name. */
export interface Operand {
  readonly text: string;
  readonly type: Column['type'];
  /** Whether its value, and the type of it, is the same whatever the order of rows was. */
  readonly exact: boolean;
  /** An aggregate: it means another thing in a query within the query. */
  readonly isAggregate?: boolean;
}

export interface Sources {
  subquery(
    kind: 'exists' | 'column' | 'count' | 'maximum',
    outer: readonly Operand[],
    depth: number,
  ): string;
  /** A `?`, with a value for it. */
  parameter(): string;
}

type Scope = readonly Operand[];

/** How deep expressions are nested, at most. */
const DEEPEST = 4;

/** Expressions at random that no value makes an error of, but for those that are `risky`. */
export class ExpressionGenerator {
  /** Whether there was one that may end in an error. */
  risky = false;

  constructor(
    readonly random: Random,
    readonly sources: Sources,
  ) {}

  #operand(scope: Scope, ...types: readonly Column['type'][]) {
    const fit = scope.filter(({ type }) => types.includes(type));
    return fit.length === 0 ? undefined : this.random.of(fit).text;
  }

  /** A literal of any type. */
  constant(): string {
    return `\`${anyOf(this.random)}\``;
  }

  number(scope: Scope, depth: number): string {
    const { random } = this;
    const leaf = () => {
      const field = this.#operand(scope, 'number');
      if (field !== undefined && random.below(5) > 0) return field;
      return `\`${random.of([smallNumber, smallNumber, number])(random)}\``;
    };
    if (depth >= DEEPEST) return leaf();
    const deeper = () => this.number(scope, depth + 1);
    switch (random.below(24)) {
      case 0:
        return `(${deeper()} + ${deeper()})`;
      case 1:
        return `(${deeper()} - ${deeper()})`;
      case 2:
        return `(${leaf()} * ${leaf()})`;
      case 3:
        return `(-${leaf()})`;
      case 4:
        return `(CASE WHEN ${this.condition(scope, depth + 1)} THEN ${deeper()} ELSE ${deeper()} END)`;
      case 5:
        return `COALESCE(${deeper()}, ${deeper()})`;
      case 6:
        // A query stands for its one value where an operator takes it.
        return `(0 + ${this.#single(scope, depth)})`;
      case 7:
        return this.#division(scope) ?? leaf();
      case 8:
        return `NULLIF(${deeper()}, ${deeper()})`;
      case 9:
        return `CHAR_LENGTH(${this.text(scope, depth + 1)})`;
      case 10: {
        const field = this.#operand(scope, 'any', 'struct', 'text');
        if (field === undefined || random.below(3) > 0) return leaf();
        this.risky = true;
        return `(${field} + ${leaf()})`;
      }
      default:
        return leaf();
    }
  }

  #single(scope: Scope, depth: number): string {
    const kind = this.random.of(['count', 'maximum'] as const);
    return `(${this.sources.subquery(kind, scope, depth + 1)})`;
  }

  /** What comes of it depends on the type of the number, which has to be certain. */
  #division(scope: Scope): string | undefined {
    const field = this.#operand(
      scope.filter(({ exact }) => exact),
      'number',
    );
    if (field === undefined) return undefined;
    const divisor = this.random.of(['2', '4.0', '-3', '`2e0`']);
    return `(${field} ${this.random.of(['/', '%'])} ${divisor})`;
  }

  text(scope: Scope, depth: number): string {
    const { random } = this;
    const leaf = () => {
      const field = this.#operand(scope, 'text');
      if (field !== undefined && random.below(4) > 0) return field;
      return `\`${textOf(random)}\``;
    };
    if (depth >= DEEPEST) return leaf();
    switch (random.below(10)) {
      case 0:
        return `(${leaf()} || ${this.text(scope, depth + 1)})`;
      case 1:
        return `UPPER(${leaf()})`;
      case 2:
        return `COALESCE(${leaf()}, ${leaf()})`;
      default:
        return leaf();
    }
  }

  any(scope: Scope, depth: number): string {
    const { random } = this;
    switch (random.below(12)) {
      case 0:
        return this.number(scope, depth + 1);
      case 1:
        return this.text(scope, depth + 1);
      case 2:
        return this.constant();
      case 3:
        return this.sources.parameter();
      case 4:
        return `[${this.number(scope, depth + 2)}, ${this.text(scope, depth + 2)}]`;
      case 5:
        return `{'a': ${this.number(scope, depth + 2)}, 'b': ${this.text(scope, depth + 2)}}`;
      case 6:
        return `(${this.condition(scope, depth + 2)})`;
      case 7: {
        const field = this.#operand(scope, 'struct');
        if (field !== undefined)
          return `${field}.${random.of(['k', 's', 'x'])}`;
        return this.constant();
      }
      case 8: {
        const field = this.#operand(scope, 'list');
        if (field !== undefined) return `${field}[${random.below(3)}]`;
        return this.constant();
      }
      default:
        return (
          this.#operand(scope, 'any', 'text', 'number', 'list', 'struct') ??
          this.constant()
        );
    }
  }

  /** A condition over what two sides have, an equality as a rule. */
  joinCondition(
    left: Scope,
    right: Scope,
    outer: Scope,
    depth: number,
  ): string {
    const { random } = this;
    const conditions: string[] = [];
    for (let count = random.of([0, 1, 1, 1, 2]); count > 0; count -= 1) {
      const type = random.of(['number', 'number', 'text', 'any'] as const);
      const types =
        type === 'any' ? (['any', 'number', 'list'] as const) : [type];
      const a = this.#operand(left, ...types) ?? this.constant();
      const b = this.#operand(right, ...types) ?? this.constant();
      const operator = random.of(['=', '=', '=', '=', '<', '<>', '>=']);
      conditions.push(
        random.below(2) > 0 ? `${a} ${operator} ${b}` : `${b} ${operator} ${a}`,
      );
    }
    if (conditions.length === 0 || random.below(4) === 0) {
      const scope = [...left, ...right, ...outer];
      conditions.push(`(${this.condition(scope, depth + 1)})`);
    }
    return conditions.join(' AND ');
  }

  condition(scope: Scope, depth: number): string {
    const { random } = this;
    if (depth >= DEEPEST) return this.#comparison(scope, depth);
    const deeper = () => this.condition(scope, depth + 1);
    const not = random.below(4) === 0 ? 'NOT ' : '';
    switch (random.below(20)) {
      case 0:
        return `(${deeper()} AND ${deeper()})`;
      case 1:
      case 2:
        return `(${deeper()} OR ${deeper()})`;
      case 3:
        return `NOT (${deeper()})`;
      case 4:
        return `${this.any(scope, depth + 1)} IS ${not}${random.of(['NULL', 'MISSING'])}`;
      case 5:
        return this.#typeTest(scope) ?? deeper();
      case 6:
      case 7: {
        const items = Array.from({ length: 1 + random.below(3) }, () =>
          this.any(scope, depth + 2),
        );
        const [open, close] = random.of(['()', '()', '[]', '«»']);
        return `${this.any(scope, depth + 1)} ${not}IN ${`${open}${items.join(', ')}${close}`.replace('«', '<<').replace('»', '>>')}`;
      }
      case 8: {
        const field = this.#operand(scope, 'list', 'any');
        return `${this.any(scope, depth + 1)} ${not}IN ${field ?? '[1, 2]'}`;
      }
      case 9:
      case 10:
        return `${this.any(scope, depth + 1)} ${not}IN (${this.sources.subquery('column', scope, depth + 1)})`;
      case 11:
        return `${not}EXISTS(${this.sources.subquery('exists', scope, depth + 1)})`;
      case 12:
        return `${this.number(scope, depth + 1)} ${not}BETWEEN ${this.number(scope, depth + 1)} AND ${this.number(scope, depth + 1)}`;
      case 13:
        return `${this.text(scope, depth + 1)} ${not}LIKE '${random.of(['a%', '%b', '_', '%', 'a_', '', '%a%'])}'`;
      case 14:
        return `${this.number(scope, depth + 1)} ${random.of(['=', '<', '>='])} ${this.#single(scope, depth)}`;
      default:
        return this.#comparison(scope, depth);
    }
  }

  #typeTest(scope: Scope): string | undefined {
    const field = this.#operand(
      scope.filter(({ exact }) => exact),
      'any',
      'number',
      'text',
    );
    if (field === undefined) return undefined;
    const types = [
      'INT',
      'DECIMAL',
      'FLOAT',
      'STRING',
      'SYMBOL',
      'LIST',
      'BOOL',
    ];
    return `${field} IS ${this.random.of(['', 'NOT '])}${this.random.of(types)}`;
  }

  #comparison(scope: Scope, depth: number): string {
    const { random } = this;
    const operator = random.of(['=', '=', '=', '<>', '<', '<=', '>', '>=']);
    const side = random.of(['number', 'number', 'text', 'any'] as const);
    return `${this[side](scope, depth + 1)} ${operator} ${this[side](scope, depth + 1)}`;
  }

  aggregate(scope: Scope, depth: number): Operand {
    const { random } = this;
    const distinct = random.below(6) === 0 ? 'DISTINCT ' : '';
    const value = this.number(scope, depth + 1);
    switch (random.below(7)) {
      case 0:
      case 1:
        return {
          text: 'COUNT(*)',
          type: 'number',
          exact: false,
          isAggregate: true,
        };
      case 2: {
        const text = `COUNT(${distinct}${this.any(scope, depth + 1)})`;
        return { text, type: 'number', exact: false, isAggregate: true };
      }
      case 3:
        return {
          text: `SUM(${distinct}${value})`,
          type: 'number',
          exact: false,
          isAggregate: true,
        };
      case 4: {
        const name = random.of(['MIN', 'MAX']);
        const text = `${name}(${this.any(scope, depth + 1)})`;
        return { text, type: 'any', exact: false, isAggregate: true };
      }
      case 5: {
        // Whether an average is a decimal depends on the types of its numbers.
        const field = scope.find(
          ({ exact, type }) => exact && type === 'number',
        );
        if (field === undefined) break;
        return {
          text: `AVG(${field.text})`,
          type: 'number',
          exact: false,
          isAggregate: true,
        };
      }
    }
    return {
      text: `MAX(${value})`,
      type: 'number',
      exact: false,
      isAggregate: true,
    };
  }
}
