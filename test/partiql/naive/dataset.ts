import { Random } from '../../contract/random.js';

/** A table: its rows as Ion text, and the fields that may be indexed. */
export interface TableData {
  readonly name: string;
  readonly indexes: readonly string[];
  readonly rows: readonly string[];
}

/** What generated queries know of a field. */
export interface Column {
  readonly name: string;
  /** `number` and `text` columns may hold NULL, or nothing, beside that. */
  readonly type: 'number' | 'text' | 'list' | 'struct' | 'any';
}

/** The fields of every generated table. */
export const COLUMNS: readonly Column[] = [
  { name: 'id', type: 'number' },
  { name: 'k', type: 'number' },
  { name: 'n', type: 'number' },
  { name: 's', type: 'text' },
  { name: 'm', type: 'any' },
  { name: 'l', type: 'list' },
  { name: 'r', type: 'struct' },
];

/** Two to four tables at random, small ones as a rule. */
export function generateTables(random: Random): readonly TableData[] {
  return Array.from({ length: 2 + random.below(3) }, (_, index) => {
    const size = random.of([0, 1, 2, 3, 4, 5, 6, 7, 8, 24]);
    return {
      name: `T${index}`,
      indexes: COLUMNS.map(({ name }) => name).filter(
        () => random.below(5) < 2,
      ),
      rows: Array.from({ length: size }, (__, row) => rowOf(random, row)),
    };
  });
}

function rowOf(random: Random, row: number): string {
  const fields = COLUMNS.flatMap(({ name, type }) => {
    if (name === 'id') return [`id: ${row}`];
    // A field that is not there is MISSING.
    if (random.below(10) === 0) return [];
    return [
      `${name}: ${random.below(9) === 0 ? 'null' : valueOf(random, type, name)}`,
    ];
  });
  return `{${fields.join(', ')}}`;
}

function valueOf(random: Random, type: Column['type'], name: string): string {
  switch (type) {
    case 'number':
      return name === 'k' ? smallNumber(random) : number(random);
    case 'text':
      return textOf(random);
    case 'list':
      return listOf(random);
    case 'struct':
      return structOf(random);
    case 'any':
      return anyOf(random);
  }
}

/** Ints, decimals and floats that are equal to one another. */
export function smallNumber(random: Random): string {
  const value = random.below(5);
  return random.of([`${value}`, `${value}`, `${value}.0`, `${value}e0`]);
}

export function number(random: Random): string {
  const value = random.below(41) - 20;
  return random.of([`${value}`, `${value}.5`, `${value}.25e0`, `${value}.`]);
}

export function textOf(random: Random): string {
  return random.of(['"a"', '"b"', "'a'", '"ab"', '"B"', '""', '"ba"', "'ä'"]);
}

function listOf(random: Random): string {
  const item = () => random.of([smallNumber, smallNumber, textOf])(random);
  return `[${Array.from({ length: random.below(4) }, item).join(', ')}]`;
}

function structOf(random: Random): string {
  const fields = [
    `k: ${smallNumber(random)}`,
    `s: ${textOf(random)}`,
    `x: ${anyOf(random, 1)}`,
  ];
  return `{${fields.filter(() => random.below(4) > 0).join(', ')}}`;
}

export function anyOf(random: Random, depth = 0): string {
  switch (random.below(depth > 0 ? 5 : 7)) {
    case 0:
      return random.of(['true', 'false']);
    case 1:
      return 'null';
    case 2:
      return textOf(random);
    case 3:
    case 4:
      return smallNumber(random);
    case 5:
      return listOf(random);
    default:
      return structOf(random);
  }
}
