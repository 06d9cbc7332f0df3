import { CommandError } from './command-error.js';

/** Gathers the values of an option that may be repeated. */
export const collect = (
  value: string,
  before: readonly string[] = [],
): readonly string[] => [...before, value];

/** A time of a command line, in ISO 8601. */
export function timeOf(name: string): (text: string) => Date {
  return (text) => {
    const time = new Date(text);
    if (Number.isNaN(time.getTime()) || !/^\d{4}-/.test(text))
      throw new CommandError(
        `${name} takes a time such as 2025-07-31T00:00:00Z.`,
      );
    return time;
  };
}

/** A whole number of a command line. */
export function numberOf(
  name: string,
  from: number,
  to: number,
): (text: string) => number {
  return (text) => {
    const number = Number(text);
    if (!/^\d{1,15}$/.test(text) || number < from || number > to)
      throw new CommandError(`${name} takes a number from ${from} to ${to}.`);
    return number;
  };
}

/** `1 file`, `2 files` */
export const counted = (number: number, what: string): string =>
  `${number} ${what}${number === 1 ? '' : 's'}`;
