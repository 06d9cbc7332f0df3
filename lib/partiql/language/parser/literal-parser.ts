import { parseIonText } from '../../../ion/text.js';
import { Decimal, type IonValue } from '../../../ion/value.js';
import { lexicalError, PartiqlError } from '../../errors.js';
import type * as Ast from '../ast.js';
import type { Token } from '../lexer.js';
import { decimal, roundDigits, scaled } from '../../values/numbers.js';
import { describe, TokenStream } from './token-stream.js';

/** Type names of the grammar, with the least and the greatest number of parameters. */
const TYPES = new Map<string, readonly [Ast.TypeName, number, number]>([
  ['MISSING', ['MISSING', 0, 0]],
  ['NULL', ['NULL', 0, 0]],
  ['BOOL', ['BOOL', 0, 0]],
  ['BOOLEAN', ['BOOL', 0, 0]],
  ['SMALLINT', ['SMALLINT', 0, 0]],
  ['INT2', ['SMALLINT', 0, 0]],
  ['INTEGER2', ['SMALLINT', 0, 0]],
  ['INT4', ['INT4', 0, 0]],
  ['INTEGER4', ['INT4', 0, 0]],
  ['INT8', ['INT8', 0, 0]],
  ['INTEGER8', ['INT8', 0, 0]],
  ['BIGINT', ['INT8', 0, 0]],
  ['INT', ['INT', 0, 0]],
  ['INTEGER', ['INT', 0, 0]],
  ['FLOAT', ['FLOAT', 0, 1]],
  ['REAL', ['FLOAT', 0, 1]],
  ['DECIMAL', ['DECIMAL', 0, 2]],
  ['DEC', ['DECIMAL', 0, 2]],
  ['NUMERIC', ['DECIMAL', 0, 2]],
  ['CHAR', ['CHAR', 0, 1]],
  ['CHARACTER', ['CHAR', 0, 1]],
  ['VARCHAR', ['VARCHAR', 0, 1]],
  ['STRING', ['STRING', 0, 0]],
  ['SYMBOL', ['SYMBOL', 0, 0]],
  ['CLOB', ['CLOB', 0, 0]],
  ['BLOB', ['BLOB', 0, 0]],
  ['STRUCT', ['STRUCT', 0, 0]],
  ['TUPLE', ['STRUCT', 0, 0]],
  ['LIST', ['LIST', 0, 0]],
  ['SEXP', ['SEXP', 0, 0]],
  ['BAG', ['BAG', 0, 0]],
]);

/** Literals and the names of types. */
export abstract class LiteralParser extends TokenStream {
  /** Type : TypeName ( `(` Integer ( `,` Integer )? `)` )? */
  protected parseType(): Ast.TypeNode {
    const at = this.current();
    let word = at.kind === 'Word' ? at.upper : '';
    let type = TYPES.get(word);
    if (word === 'DOUBLE' && this.peek(1).upper === 'PRECISION') {
      this.next();
      type = ['FLOAT', 0, 0];
    } else if (
      (word === 'CHARACTER' || word === 'CHAR') &&
      this.peek(1).upper === 'VARYING'
    ) {
      this.next();
      word = 'VARCHAR';
      type = TYPES.get(word);
    }
    if (type === undefined) {
      this.tries(...TYPES.keys());
      throw this.error(at, `expected type name, found ${this.describe()}`);
    }
    this.next();
    const [name, least, greatest] = type;
    const parameters: number[] = [];
    if (this.isSymbol('(')) {
      this.next();
      do {
        const token = this.next();
        const value = Number(token.text);
        if (token.kind !== 'Integer' || !(value <= 0x7fffffff)) {
          throw this.error(token, `Expected number, found ${describe(token)}`);
        }
        parameters.push(value);
      } while (this.skipSymbol(','));
      this.expectSymbol(')');
      if (parameters.length < least || parameters.length > greatest) {
        throw this.error(
          at,
          `Cast to type ${word} has incorrect arity.Correct arity is ${least}..${greatest}`,
        );
      }
    }
    return { at, name, parameters };
  }

  protected decimal(token: Token): IonValue {
    // ion-js wants a `d` for the exponent, and digits before the point.
    const text = token.text.replace(/[eE]/, 'd').replace(/^\./, '0.');
    const exponent = /d([+-]?\d+)$/.exec(text)?.[1];
    const value =
      exponent !== undefined && Math.abs(Number(exponent)) > 0x7fffffff
        ? null
        : Decimal.parse(
            text.includes('.') || text.includes('d') ? text : `${text}d0`,
          );
    if (value === null) {
      throw lexicalError(
        this.source,
        token,
        `invalid literal at, ${token.text.slice(0, 40)}`,
      );
    }
    return this.dialect.literalsAreRounded
      ? decimal(roundDigits(scaled(value)))
      : value;
  }

  protected integer(token: Token): number | bigint {
    const value = Number(token.text);
    if (Number.isSafeInteger(value)) return value;
    const big = BigInt(token.text);
    // The least int has one more behind its minus than the greatest.
    const before = this.tokens[this.index - 2];
    const isNegative = before?.kind === 'Symbol' && before.text === '-';
    const limit = 1n << 63n;
    if (this.dialect.intsHave64Bits && big >= limit + (isNegative ? 1n : 0n)) {
      throw this.error(token, 'the int is longer than 64 bits');
    }
    return big;
  }

  protected ion(token: Token): IonValue {
    try {
      return parseIonText(token.text);
    } catch (cause) {
      const shown =
        token.text.length > 40 ? `${token.text.slice(0, 40)}…` : token.text;
      const error = lexicalError(
        this.source,
        token,
        `invalid ion literal at, ${shown}: expected one Ion value`,
      );
      throw new PartiqlError(error.code, error.message.split('\n\n')[0] ?? '', {
        source: this.source,
        at: token,
        cause,
      });
    }
  }
}
