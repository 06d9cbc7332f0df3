import type { Typing } from '../../../lib/partiql/dialect.js';
import type { Random } from '../../contract/random.js';
import { anyOf, COLUMNS, type TableData } from './dataset.js';
import { ExpressionGenerator, type Operand } from './expression-generator.js';
import {
  textOfQuery,
  type GeneratedQuery,
  type QueryParts,
  type SelectParts,
} from './generated-query.js';

/** A query at random over these tables, from the part of the language that the naive evaluator knows. */
export function generateQuery(
  random: Random,
  tables: readonly TableData[],
  typing: Typing,
): GeneratedQuery {
  return new QueryGenerator(random, tables, typing).generate();
}

class QueryGenerator {
  readonly #expressions: ExpressionGenerator;
  readonly #parameters: string[] = [];
  #names = 0;
  #untyped = false;

  constructor(
    readonly random: Random,
    readonly tables: readonly TableData[],
    readonly typing: Typing,
  ) {
    this.#expressions = new ExpressionGenerator(random, {
      subquery: (kind, outer, depth) => this.#subquery(kind, outer, depth),
      parameter: () => {
        this.#parameters.push(anyOf(random));
        return `?${this.#parameters.length - 1};`;
      },
    });
  }

  generate(): GeneratedQuery {
    const parts = this.#query();
    return {
      parts,
      parameters: this.#parameters,
      untyped: this.#untyped,
      risky: this.#expressions.risky,
    };
  }

  #chance(percent: number): boolean {
    return this.random.below(100) < percent;
  }

  #name(prefix: string): string {
    this.#names += 1;
    return `${prefix}${this.#names}`;
  }

  #query(): QueryParts {
    if (this.#chance(8)) return this.#setOperation();
    const { parts, visible, named } = this.#select([], 0);
    const orderBy = this.#chance(35)
      ? this.#orderBy(parts.distinct ? named : [...named, ...visible])
      : [];
    // What is MISSING counts for LIMIT, and is in no result.
    const slice = parts.projection === 'value' ? {} : this.#slice(30);
    return { body: parts, orderBy, ...slice };
  }

  #slice(percent: number): { limit?: string; offset?: string } {
    const some = () => `${this.random.of([0, 1, 2, 3, 5, 10])}`;
    return {
      limit: this.#chance(percent) ? some() : undefined,
      offset: this.#chance(percent / 3) ? some() : undefined,
    };
  }

  #orderBy(visible: readonly Operand[]): readonly string[] {
    if (visible.length === 0) return [];
    return Array.from({ length: 1 + this.random.below(2) }, () => {
      const { text } = this.random.of(visible);
      const direction = this.random.of(['', '', ' ASC', ' DESC']);
      return `${text}${direction}${this.random.of(['', '', ' NULLS FIRST', ' NULLS LAST'])}`;
    });
  }

  #setOperation(): QueryParts {
    this.#untyped = true;
    const names = ['a', 'b'].slice(0, 1 + this.random.below(2));
    const side = () => this.#select([], 0, names).parts;
    // By the specification only OUTER takes columns of any types.
    const isOuter = this.typing !== 'qldb' || this.#chance(30);
    const operator = this.random.of([
      'UNION',
      'UNION ALL',
      'INTERSECT',
      'INTERSECT ALL',
      'EXCEPT',
      'EXCEPT ALL',
    ]);
    return {
      body: side(),
      operation: {
        operator: isOuter ? `OUTER ${operator}` : operator,
        right: side(),
      },
      orderBy: this.#chance(30) ? [this.random.of(names)] : [],
      ...this.#slice(20),
    };
  }

  /**
   * @param names - of the items, if they are given
   * @returns what an expression behind WHERE or in ORDER BY can see
   */
  #select(
    outer: readonly Operand[],
    depth: number,
    names?: readonly string[],
  ): {
    parts: SelectParts;
    visible: readonly Operand[];
    named: readonly Operand[];
  } {
    const { from, operands } = this.#from(outer, depth);
    const scope = [...operands, ...operands, ...outer];
    const lets: string[] = [];
    if (this.#chance(8)) {
      const name = this.#name('v');
      lets.push(`${this.#expressions.number(scope, depth + 1)} AS ${name}`);
      scope.push({ text: name, type: 'number', exact: false });
    }
    const where = this.#conditions(scope, depth);
    if (names === undefined && this.#chance(22)) {
      return this.#grouped(scope, outer, depth, { from, lets, where });
    }
    const items = this.#items(scope, depth, names);
    const projection =
      names !== undefined
        ? 'items'
        : this.random.of(['items', 'items', 'items', 'value', 'star'] as const);
    const distinct = projection === 'items' && this.#chance(12);
    if (distinct) this.#untyped = true;
    return {
      parts: {
        distinct,
        projection,
        items: {
          items: items.map(({ item }) => item),
          value: [this.#expressions.any(scope, depth + 1)],
          star: [],
        }[projection],
        from,
        lets,
        where,
        groupBy: [],
        having: [],
      },
      visible: scope,
      named: projection === 'items' ? items : [],
    };
  }

  #items(
    scope: readonly Operand[],
    depth: number,
    names: readonly string[] | undefined,
  ): readonly (Operand & { item: string })[] {
    const aliases =
      names ??
      Array.from({ length: 1 + this.random.below(3) }, () => this.#name('c'));
    return aliases.map((alias) => {
      const type = this.random.of(['number', 'text', 'any'] as const);
      const item = `${this.#expressions[type](scope, depth + 1)} AS ${alias}`;
      return { item, text: alias, type, exact: false };
    });
  }

  #conditions(scope: readonly Operand[], depth: number): readonly string[] {
    const count = this.random.of([0, 1, 1, 1, 2, 3]);
    return Array.from(
      { length: count },
      () => `(${this.#expressions.condition(scope, depth + 1)})`,
    );
  }

  #grouped(
    scope: readonly Operand[],
    outer: readonly Operand[],
    depth: number,
    { from, lets, where }: Pick<SelectParts, 'from' | 'lets' | 'where'>,
  ): {
    parts: SelectParts;
    visible: readonly Operand[];
    named: readonly Operand[];
  } {
    this.#untyped = true;
    const expressions = this.#expressions;
    const keys: Operand[] = [];
    const groupBy: string[] = [];
    for (let left = this.random.below(3); left > 0; left -= 1) {
      const name = this.#name('g');
      const type = this.random.of(['number', 'text', 'any'] as const);
      groupBy.push(`${expressions[type](scope, depth + 2)} AS ${name}`);
      keys.push({ text: name, type, exact: false });
    }
    const groupAs =
      groupBy.length > 0 && this.#chance(15) ? this.#name('h') : undefined;
    const aggregates = Array.from({ length: 1 + this.random.below(2) }, () =>
      expressions.aggregate(scope, depth + 1),
    );
    const visible = [...keys, ...aggregates];
    const having =
      groupBy.length > 0 && this.#chance(30)
        ? [`(${expressions.condition([...visible, ...outer], depth + 2)})`]
        : [];
    const named = visible.map((operand) => {
      const alias = this.#name('c');
      return {
        ...operand,
        isAggregate: false,
        text: alias,
        item: `${operand.text} AS ${alias}`,
      };
    });
    const items = named.map(({ item }) => item);
    if (groupAs !== undefined) items.push(`SIZE(${groupAs}) AS ${groupAs}s`);
    return {
      parts: {
        distinct: this.#chance(5),
        projection: 'items',
        items,
        from,
        lets,
        where,
        groupBy,
        groupAs,
        having,
      },
      visible: [],
      named,
    };
  }

  // ---- FROM ----------------------------------------------------------------------

  #from(
    outer: readonly Operand[],
    depth: number,
  ): { from: readonly string[]; operands: Operand[] } {
    const operands: Operand[] = [];
    const first = this.#source([], outer, depth);
    operands.push(...first.operands);
    const from = [first.text];
    const joins =
      depth > 0 ? this.random.below(2) : this.random.of([0, 0, 1, 1, 2]);
    for (let left = joins; left > 0; left -= 1) {
      const type = this.random.of([
        ',',
        'CROSS JOIN',
        'JOIN',
        'JOIN',
        'LEFT JOIN',
        'LEFT JOIN',
        'RIGHT JOIN',
        'FULL JOIN',
      ]);
      // The right side of RIGHT and FULL is read by itself.
      const isAlone = type === 'RIGHT JOIN' || type === 'FULL JOIN';
      const next = this.#source(isAlone ? [] : operands, outer, depth);
      const on = [',', 'CROSS JOIN'].includes(type)
        ? ''
        : ` ON ${this.#expressions.joinCondition(operands, next.operands, outer, depth + 1)}`;
      from.push(`${type} ${next.text}${on}`);
      operands.push(...next.operands);
    }
    return { from, operands };
  }

  #source(
    before: readonly Operand[],
    outer: readonly Operand[],
    depth: number,
  ): { text: string; operands: readonly Operand[] } {
    const name = this.#name('t');
    const choice = this.random.below(100);
    if (choice < 12 && before.length > 0) {
      const lists = before.filter(({ type }) => type === 'list');
      const structs = before.filter(({ type }) => type === 'struct');
      const value: Operand = { text: name, type: 'any', exact: true };
      if (structs.length > 0 && this.#chance(30)) {
        const { text } = this.random.of(structs);
        return {
          text: `UNPIVOT @${text} AS ${name} AT ${name}n`,
          operands: [value, { text: `${name}n`, type: 'text', exact: true }],
        };
      }
      if (lists.length > 0) {
        return {
          text: `@${this.random.of(lists).text} AS ${name}`,
          operands: [value],
        };
      }
    }
    if (choice < 20) {
      const items = Array.from({ length: this.random.below(4) }, () =>
        this.#expressions.constant(),
      );
      return {
        text: `<< ${items.join(', ')} >> AS ${name}`,
        operands: [{ text: name, type: 'any', exact: true }],
      };
    }
    if (choice < 32 && depth < 2) {
      const { parts, named } = this.#select(
        this.#chance(30) ? [...before, ...outer] : [],
        depth + 2,
      );
      if (named.length > 0) {
        return {
          text: `(${textOfQuery({ body: parts, orderBy: [] })}) AS ${name}`,
          operands: named.map((operand) => ({
            ...operand,
            text: `${name}.${operand.text}`,
          })),
        };
      }
    }
    const table = this.random.of(this.tables);
    return {
      text: `${table.name} AS ${name}`,
      operands: COLUMNS.map((column) => ({
        text: `${name}.${column.name}`,
        type: column.type,
        exact: true,
      })),
    };
  }

  // ---- Queries within queries ----------------------------------------------------

  #subquery(
    kind: 'exists' | 'column' | 'count' | 'maximum',
    outer: readonly Operand[],
    depth: number,
  ): string {
    const { from, operands } = this.#from([], depth + 1);
    const correlated = this.#chance(60)
      ? outer.filter(({ isAggregate }) => isAggregate !== true)
      : [];
    const scope = [...operands, ...operands, ...correlated];
    const where = [...this.#conditions(scope, depth + 1)];
    if (correlated.length > 0 && this.#chance(60)) {
      where.push(
        this.#expressions.joinCondition(operands, correlated, [], depth + 2),
      );
    }
    const base = {
      from,
      lets: [],
      where,
      groupBy: [],
      having: [],
      distinct: false,
    };
    const value = this.#expressions.any(scope, depth + 2);
    switch (kind) {
      case 'exists':
        return textOfQuery({
          body: { ...base, projection: 'value', items: [value] },
          orderBy: [],
        });
      case 'column': {
        const orderBy = this.#chance(20) ? [value] : [];
        const limit = orderBy.length > 0 ? this.#slice(60).limit : undefined;
        // A column of one name is read as its values; so is SELECT VALUE.
        const projection = this.random.of(['items', 'value'] as const);
        const item = projection === 'items' ? `${value} AS x` : value;
        return textOfQuery({
          body: { ...base, projection, items: [item] },
          orderBy: projection === 'items' ? [] : orderBy,
          limit: projection === 'items' ? undefined : limit,
        });
      }
      case 'count':
        return textOfQuery({
          body: { ...base, projection: 'items', items: ['COUNT(*) AS x'] },
          orderBy: [],
        });
      case 'maximum': {
        this.#untyped = true;
        const number = this.#expressions.number(scope, depth + 2);
        const name = this.random.of(['MAX', 'MIN', 'SUM']);
        return textOfQuery({
          body: {
            ...base,
            projection: 'items',
            items: [`${name}(${number}) AS x`],
          },
          orderBy: [],
        });
      }
    }
  }
}
