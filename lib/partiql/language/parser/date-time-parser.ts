import type * as Ast from '../ast.js';
import type { Token } from '../lexer.js';
import { RESERVED_WORDS } from '../reserved-words.js';
import { LiteralParser } from './literal-parser.js';

/** The fields of an interval, each with those that may end one that begins with it. */
const INTERVAL_FIELDS = new Map<string, readonly Ast.IntervalField[]>([
  ['YEAR', ['MONTH']],
  ['MONTH', []],
  ['DAY', ['HOUR', 'MINUTE', 'SECOND']],
  ['HOUR', ['MINUTE', 'SECOND']],
  ['MINUTE', ['SECOND']],
  ['SECOND', []],
]);

/** Greatest number in a type, as for the other types. */
const MOST_DIGITS = 0x7fffffff;

const EXAMPLES: Readonly<Record<string, string>> = {
  DATE: "DATE '2024-02-29'",
  TIME: "TIME '23:59:59'",
  TIMESTAMP: "TIMESTAMP '2024-02-29 23:59:59'",
  INTERVAL: "INTERVAL '1-6' YEAR TO MONTH",
};

/** Dates, times, timestamps and intervals: their types and their literals. */
export abstract class DateTimeParser extends LiteralParser {
  /**
   * DateTime :
   *   - DateTimeType String
   *   - INTERVAL ( `+` | `-` )? String IntervalQualifier
   */
  protected parseDateTime(at: Token): Ast.DateTimeNode {
    if (at.upper !== 'INTERVAL') {
      const type = this.parseDateTimeType(at);
      return { kind: 'DateTime', at, type, text: this.parseText(at) };
    }
    this.next();
    const negative = this.skipSymbol('-');
    if (!negative) this.skipSymbol('+');
    const text = this.parseText(at);
    const qualifier = this.parseIntervalQualifier();
    return {
      kind: 'DateTime',
      at,
      type: { at, name: 'INTERVAL', parameters: [], qualifier },
      text: negative ? negated(text) : text,
    };
  }

  /** Current : CURRENT_DATE | ( CURRENT_TIME | CURRENT_TIMESTAMP ) ( `(` Integer `)` )? */
  protected parseCurrent(at: Token): Ast.CallNode {
    this.next();
    const digits = at.upper === 'CURRENT_DATE' ? [] : this.parseDigits(1);
    const args = digits.map((value): Ast.LiteralNode => ({
      kind: 'Literal',
      at,
      value,
    }));
    return { kind: 'Call', at, name: at.text.toLowerCase(), args };
  }

  /** What stands in single quotes behind the words of a literal. */
  protected parseText(at: Token): string {
    const token = this.current();
    if (token.kind !== 'String') {
      const hint =
        this.peek(-1) === at && RESERVED_WORDS.has(at.upper)
          ? `; a name that is a reserved word is written in double quotes, "${at.text}"`
          : '';
      throw this.error(
        token,
        `expected a text in single quotes, such as ${EXAMPLES[at.upper]}, but found ${this.describe()}${hint}`,
      );
    }
    this.next();
    return token.text;
  }

  protected override parseType(): Ast.TypeNode {
    const at = this.current();
    switch (at.upper) {
      case 'DATE':
      case 'TIME':
      case 'TIMESTAMP':
        return this.parseDateTimeType(at);
      case 'INTERVAL': {
        this.next();
        const qualifier = this.parseIntervalQualifier();
        return { at, name: 'INTERVAL', parameters: [], qualifier };
      }
      default:
        return super.parseType();
    }
  }

  /**
   * DateTimeType :
   *   - DATE
   *   - ( TIME | TIMESTAMP ) ( `(` Integer `)` )? ( ( WITH | WITHOUT ) TIME ZONE )?
   */
  protected parseDateTimeType(at: Token): Ast.DateTimeTypeNode {
    this.next();
    if (at.upper === 'DATE') return { at, name: 'DATE', parameters: [] };
    const parameters = this.parseDigits(1);
    const name = at.upper === 'TIME' ? 'TIME' : 'TIMESTAMP';
    const zone = this.parseZone();
    return zone === undefined
      ? { at, name, parameters }
      : { at, name, parameters, zone };
  }

  protected parseZone(): boolean | undefined {
    const zone = this.isWord('WITH');
    if (!zone && !(this.isWord('WITHOUT') && this.peek(1).upper === 'TIME')) {
      return undefined;
    }
    this.next();
    this.expectWord('TIME');
    this.expectWord('ZONE');
    return zone;
  }

  /**
   * IntervalQualifier :
   *   - Field ( `(` Integer `)` )? ( TO Field )?
   *   - Field ( `(` Integer `)` )? TO SECOND ( `(` Integer `)` )?
   *   - SECOND ( `(` Integer ( `,` Integer )? `)` )?
   */
  protected parseIntervalQualifier(): Ast.IntervalQualifier {
    const from = this.parseIntervalField([...INTERVAL_FIELDS.keys()]);
    const digits = this.parseDigits(from === 'SECOND' ? 2 : 1);
    const ends = INTERVAL_FIELDS.get(from) ?? [];
    const to =
      ends.length > 0 && this.skipWord('TO')
        ? this.parseIntervalField(ends)
        : undefined;
    const [precision] = digits;
    const [fraction] = to === 'SECOND' ? this.parseDigits(1) : digits.slice(1);
    return {
      from,
      ...(to === undefined ? {} : { to }),
      ...(precision === undefined ? {} : { precision }),
      ...(fraction === undefined ? {} : { fraction }),
    };
  }

  protected parseIntervalField(fields: readonly string[]): Ast.IntervalField {
    const field = this.keyword;
    if (!fields.includes(field)) throw this.unexpected(fields.join(' or '));
    this.next();
    return field as Ast.IntervalField;
  }

  /** Numbers of digits in parentheses, at most so many of them; none if there are no parentheses. */
  protected parseDigits(greatest: number): readonly number[] {
    if (!this.skipSymbol('(')) return [];
    const digits: number[] = [];
    do {
      const token = this.current();
      if (token.kind !== 'Integer' || Number(token.text) > MOST_DIGITS)
        throw this.unexpected('a number of digits');
      this.next();
      digits.push(Number(token.text));
    } while (digits.length < greatest && this.skipSymbol(','));
    this.expectSymbol(')');
    return digits;
  }
}

/** The text of an interval with the other sign; a text that is no interval stays as it is. */
function negated(text: string): string {
  const [, sign, size] = /^([+-]?)([0-9][^]*)$/.exec(text) ?? [];
  if (size === undefined) return text;
  return sign === '-' ? size : `-${size}`;
}
