import { MAX_DEPTH } from './cursor.js';
import { IonTextError } from './errors.js';
import { SymbolTable, SYSTEM_TABLE } from './symbol-table.js';
import { readNumber } from './text-numbers.js';
import {
  IonAnnotated,
  IonClob,
  type IonEntry,
  IonFloat,
  IonNull,
  IonSexp,
  IonStruct,
  IonSymbol,
  type IonTypeName,
  type IonValue,
} from './value.js';

const TAB = 0x09;
const NEWLINE = 0x0a;
const RETURN = 0x0d;
const SPACE = 0x20;
const QUOTE = 0x22;
const APOSTROPHE = 0x27;
const OPEN_PAREN = 0x28;
const CLOSE_PAREN = 0x29;
const STAR = 0x2a;
const PLUS = 0x2b;
const COMMA = 0x2c;
const MINUS = 0x2d;
const SLASH = 0x2f;
const COLON = 0x3a;
const OPEN_BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

const IDENTIFIER = /[A-Za-z_$][\w$]*/y;
const OPERATOR = /[!#%&*+\-./;<=>?@^`|~]+/y;
const SYMBOL_ID = /^\$\d+$/;
const INFINITY = /[+-]inf(?![\w$])/y;
const TYPES = new Set<string>([
  'null',
  'bool',
  'int',
  'float',
  'decimal',
  'timestamp',
  'symbol',
  'string',
  'clob',
  'blob',
  'list',
  'sexp',
  'struct',
]);
const KEYWORDS = new Set(['null', 'true', 'false', 'nan']);
/** What may stand right behind a number. */
const NUMBER_ENDS = /^[{}[\](),"'\s]?$/;
const BASE64 = /^(?:[A-Za-z\d+/]{4})*(?:[A-Za-z\d+/]{2}==|[A-Za-z\d+/]{3}=)?$/;
const LONE_SURROGATE = /\p{Surrogate}/u;

const ESCAPES: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  t: '\t',
  n: '\n',
  f: '\f',
  r: '\r',
  v: '\v',
  '"': '"',
  "'": "'",
  '?': '?',
  '\\': '\\',
  '/': '/',
  '0': '\0',
};

/** Shorter parts of a string are copies of it anyway. */
const SHORTEST_PART = 13;
const MOST_NAMES = 1000;

/** A symbol as it was written. */
interface Name {
  readonly text: string | null;
  /** Without quotes: keywords and symbol ids are such, and operators. */
  readonly isBare: boolean;
}

/** Reads the values of an Ion text, one after another. */
export class IonTextReader {
  #text: string;
  /** Where the reader stands: behind the value that it read last. */
  pos: number;
  #table: SymbolTable = SYSTEM_TABLE;
  readonly #names = new Map<string, string>();

  constructor(text: string) {
    this.#text = text;
    this.pos = text.charCodeAt(0) === 0xfeff ? 1 : 0;
  }

  /** More text: the part that was read is forgotten. */
  goOn(start: number, more: string): void {
    this.#text = this.#text.slice(start) + more;
    this.pos = 0;
  }

  /** How much text is left. */
  get left(): number {
    return this.#text.length - this.pos;
  }

  /**
   * The next value; undefined at the end.
   *
   * @throws IonTextError
   */
  next(): IonValue | undefined {
    for (;;) {
      this.#skip();
      if (this.pos >= this.#text.length) return undefined;
      const start = this.pos;
      const value = this.#value(0, false);
      if (value instanceof IonSymbol) {
        // However it is written, its text is never a value here.
        if (value.text === '$ion_1_0') {
          if (this.#text.startsWith(value.text, start))
            this.#table = SYSTEM_TABLE;
          continue;
        }
        if (
          value.text?.match(/^\$ion_\d+_\d+$/) &&
          this.#text.startsWith(value.text, start)
        )
          this.#fail('its version is not Ion 1.0');
      }
      if (
        value instanceof IonAnnotated &&
        value.annotations[0] === '$ion_symbol_table' &&
        value.value instanceof IonStruct
      )
        this.#readTable(value.value);
      else return value;
    }
  }

  #value(depth: number, inSexp: boolean): IonValue {
    const annotations: (string | null)[] = [];
    for (;;) {
      this.#skip();
      const start = this.pos;
      const code = this.#text.charCodeAt(start);
      const name = this.#symbol(code, inSexp);
      if (name === undefined) {
        const value = this.#unnamed(code, depth);
        return annotations.length > 0
          ? new IonAnnotated(annotations, value)
          : value;
      }
      this.#skip();
      const isAnnotation =
        this.#text.charCodeAt(this.pos) === COLON &&
        this.#text.charCodeAt(this.pos + 1) === COLON;
      if (!isAnnotation) {
        const value = this.#named(name, start);
        return annotations.length > 0
          ? new IonAnnotated(annotations, value)
          : value;
      }
      if (name.isBare && !isIdentifier(name.text))
        this.#fail('an operator or keyword stands where an annotation should');
      annotations.push(this.#textOf(name));
      this.pos += 2;
    }
  }

  /** A symbol, a keyword or, within a sexp, an operator. */
  #symbol(code: number, inSexp: boolean): Name | undefined {
    if (code === APOSTROPHE) {
      if (this.#isLongString()) return undefined;
      this.pos++;
      return { text: this.#quoted(APOSTROPHE, false), isBare: false };
    }
    if (isNameStart(code)) {
      IDENTIFIER.lastIndex = this.pos;
      const [text = ''] = IDENTIFIER.exec(this.#text) ?? [];
      this.pos += text.length;
      return { text, isBare: true };
    }
    if (!inSexp || isDigit(code)) return undefined;
    const next = this.#text.charCodeAt(this.pos + 1);
    if (code === MINUS && isDigit(next)) return undefined;
    if ((code === MINUS || code === PLUS) && this.#isInfinity())
      return undefined;
    OPERATOR.lastIndex = this.pos;
    let [text = ''] = OPERATOR.exec(this.#text) ?? [];
    if (text === '') return undefined;
    const comment = text.search(/\/[/*]/);
    if (comment > 0) text = text.slice(0, comment);
    this.pos += text.length;
    return { text, isBare: true };
  }

  #isInfinity(): boolean {
    INFINITY.lastIndex = this.pos;
    return INFINITY.test(this.#text);
  }

  /** What a name is when it is no annotation. */
  #named(
    { text, isBare }: Name,
    start: number,
  ): Exclude<IonValue, IonAnnotated> {
    if (!isBare) return new IonSymbol(this.#textOf({ text, isBare }));
    if (text === 'true') return true;
    if (text === 'false') return false;
    if (text === 'nan') return new IonFloat(NaN);
    if (text === 'null') return this.#null(start + 4);
    return new IonSymbol(this.#textOf({ text, isBare }));
  }

  #null(end: number): IonNull | null {
    this.pos = end;
    if (this.#text[end] !== '.') {
      this.#skip();
      return null;
    }
    IDENTIFIER.lastIndex = end + 1;
    const [type = ''] = IDENTIFIER.exec(this.#text) ?? [];
    this.pos = end + 1 + type.length;
    if (!TYPES.has(type)) this.#fail('null has no such type');
    return type === 'null'
      ? null
      : new IonNull(type as Exclude<IonTypeName, 'null'>);
  }

  /** The text that a symbol stands for; an id stands for that of the symbol table. */
  #textOf({ text, isBare }: Name): string | null {
    if (text === null) return null;
    if (!isBare || !SYMBOL_ID.test(text)) return this.#kept(text);
    const id = Number(text.slice(1));
    if (id >= this.#table.limit)
      this.#fail('a symbol id is beyond the symbol table');
    return this.#table.text(id, 0);
  }

  /**
   * The text of a symbol, as a string of its own: others remember symbols, and
   * as a part of the whole text each would keep all of it in memory.
   */
  #kept(text: string): string {
    if (text.length < SHORTEST_PART) return text;
    let kept = this.#names.get(text);
    if (kept === undefined) {
      if (this.#names.size >= MOST_NAMES) this.#names.clear();
      kept = Buffer.from(text).toString();
      this.#names.set(kept, kept);
    }
    return kept;
  }

  /** A value that does not begin like a symbol. */
  #unnamed(code: number, depth: number): Exclude<IonValue, IonAnnotated> {
    switch (code) {
      case QUOTE:
        this.pos++;
        return this.#quoted(QUOTE, false);
      case APOSTROPHE:
        return this.#longString(false);
      case OPEN_BRACE:
        return this.#text.charCodeAt(this.pos + 1) === OPEN_BRACE
          ? this.#lob()
          : this.#struct(this.#deeper(depth));
      case OPEN_BRACKET:
        return this.#list(this.#deeper(depth));
      case OPEN_PAREN:
        return new IonSexp(this.#sexp(this.#deeper(depth)));
    }
    if (code === PLUS || code === MINUS) {
      INFINITY.lastIndex = this.pos;
      if (INFINITY.test(this.#text)) {
        this.pos += 4;
        return new IonFloat(code === PLUS ? Infinity : -Infinity);
      }
    }
    return this.#number();
  }

  #number(): Exclude<IonValue, IonAnnotated> {
    const number = readNumber(this.#text, this.pos);
    if (!number)
      return this.pos + 1 >= this.#text.length
        ? this.#ended()
        : this.#fail('a value is expected');
    this.pos = number.end;
    if (!NUMBER_ENDS.test(this.#text.charAt(this.pos)))
      this.#fail('a number does not end where it should');
    return number.value as Exclude<IonValue, IonAnnotated>;
  }

  #deeper(depth: number): number {
    if (depth >= MAX_DEPTH)
      this.#fail(`values stand more than ${MAX_DEPTH} deep in one another`);
    return depth + 1;
  }

  #struct(depth: number): IonStruct {
    const entries: IonEntry[] = [];
    this.pos++;
    for (;;) {
      this.#skip();
      if (this.#takes(CLOSE_BRACE)) return IonStruct.of(entries);
      const name = this.#fieldName();
      this.#skip();
      if (!this.#takes(COLON) || this.#text.charCodeAt(this.pos) === COLON)
        this.#expected('a colon behind the name of a field');
      entries.push([name, this.#value(depth, false)]);
      this.#skip();
      if (!this.#takes(COMMA)) {
        if (this.#takes(CLOSE_BRACE)) return IonStruct.of(entries);
        this.#expected('a comma or the end of a struct');
      }
    }
  }

  #fieldName(): string | null {
    const code = this.#text.charCodeAt(this.pos);
    if (code === QUOTE) {
      this.pos++;
      return this.#kept(this.#quoted(QUOTE, false));
    }
    if (code === APOSTROPHE && this.#isLongString())
      return this.#kept(this.#longString(false));
    const name = this.#symbol(code, false);
    if (name === undefined) return this.#expected('the name of a field');
    if (name.isBare && KEYWORDS.has(name.text ?? ''))
      this.#fail('a keyword stands where the name of a field should');
    return this.#textOf(name);
  }

  #list(depth: number): IonValue[] {
    const items: IonValue[] = [];
    this.pos++;
    for (;;) {
      this.#skip();
      if (this.#takes(CLOSE_BRACKET)) return items;
      items.push(this.#value(depth, false));
      this.#skip();
      if (!this.#takes(COMMA)) {
        if (this.#takes(CLOSE_BRACKET)) return items;
        this.#expected('a comma or the end of a list');
      }
    }
  }

  #sexp(depth: number): IonValue[] {
    const items: IonValue[] = [];
    this.pos++;
    for (;;) {
      this.#skip();
      if (this.#takes(CLOSE_PAREN)) return items;
      items.push(this.#value(depth, true));
    }
  }

  /** What stands in quotes, whose first one is behind; `"` or `'`. */
  #quoted(quote: number, isClob: boolean): string {
    const text = this.#text;
    const start = this.pos;
    let at = start;
    for (;;) {
      const code = text.charCodeAt(at);
      if (code === quote) {
        this.pos = at + 1;
        return this.#wellFormed(text.slice(start, at));
      }
      if (code === BACKSLASH || !(code >= SPACE) || (isClob && code > 0x7f))
        break;
      at++;
    }
    let read = text.slice(start, at);
    for (this.pos = at; ;) {
      const code = text.charCodeAt(this.pos);
      if (code === quote) {
        this.pos++;
        return this.#wellFormed(read);
      }
      read += this.#character(isClob, false);
    }
  }

  #isLongString(): boolean {
    return this.#text.startsWith("'''", this.pos);
  }

  /** Long strings that follow one another are one. */
  #longString(isClob: boolean): string {
    let read = '';
    while (this.#isLongString()) {
      this.pos += 3;
      while (!this.#isLongString()) read += this.#character(isClob, true);
      this.pos += 3;
      // Within a lob no comment may stand.
      if (isClob) this.#skipSpace();
      else this.#skip();
    }
    return this.#wellFormed(read);
  }

  /** One character, or an escape. */
  #character(isClob: boolean, isLong: boolean): string {
    const text = this.#text;
    if (this.pos >= text.length) this.#ended();
    const code = text.charCodeAt(this.pos++);
    if (code === BACKSLASH) return this.#escape(isClob);
    if (isClob && code > 0x7f)
      this.#fail('a character of a clob is not in ASCII');
    if (code >= SPACE || code === TAB || code === 0x0b || code === 0x0c)
      return text[this.pos - 1];
    if (isLong && code === NEWLINE) return '\n';
    if (isLong && code === RETURN) {
      if (text.charCodeAt(this.pos) === NEWLINE) this.pos++;
      return '\n';
    }
    return this.#fail('a control character stands in a text');
  }

  #escape(isClob: boolean): string {
    const text = this.#text;
    if (this.pos >= text.length) this.#ended();
    const letter = text[this.pos++];
    const plain = ESCAPES[letter];
    if (plain !== undefined) return plain;
    switch (letter) {
      case '\n':
        return '';
      case '\r':
        if (text.charCodeAt(this.pos) === NEWLINE) this.pos++;
        return '';
      case 'x':
        return String.fromCharCode(this.#hex(2));
      case 'u':
        if (!isClob) return String.fromCharCode(this.#hex(4));
        break;
      case 'U':
        if (!isClob) {
          const point = this.#hex(8);
          if (point > 0x10ffff) break;
          return String.fromCodePoint(point);
        }
    }
    return this.#fail('a text has an escape that there is not');
  }

  #hex(length: number): number {
    const digits = this.#text.slice(this.pos, this.pos + length);
    if (this.pos + length > this.#text.length) this.#ended();
    if (!/^[\dA-Fa-f]+$/.test(digits))
      this.#fail('an escape has too few digits');
    this.pos += length;
    return parseInt(digits, 16);
  }

  #wellFormed(text: string): string {
    if (LONE_SURROGATE.test(text))
      this.#fail('a text has half of a surrogate pair');
    return text;
  }

  #lob(): Uint8Array | IonClob {
    this.pos += 2;
    this.#skipSpace();
    const code = this.#text.charCodeAt(this.pos);
    if (code === QUOTE || code === APOSTROPHE) return this.#clob(code);
    const end = this.#text.indexOf('}}', this.pos);
    if (end < 0) {
      this.pos = this.#text.length;
      this.#ended();
    }
    const base64 = this.#text.slice(this.pos, end).replace(/[\s]/g, '');
    this.pos = end + 2;
    if (!BASE64.test(base64)) this.#fail('a blob is not in base64');
    return bytesOf(Buffer.from(base64, 'base64'));
  }

  #clob(code: number): IonClob {
    let text: string;
    if (code === QUOTE) {
      this.pos++;
      text = this.#quoted(QUOTE, true);
    } else {
      if (!this.#isLongString()) this.#expected('a text in a clob');
      text = this.#longString(true);
    }
    this.#skipSpace();
    if (!this.#text.startsWith('}}', this.pos))
      this.#expected('the end of a clob');
    this.pos += 2;
    return new IonClob(bytesOf(Buffer.from(text, 'latin1')));
  }

  /** A local symbol table: symbols for the ids that follow. */
  #readTable(struct: IonStruct): void {
    const lists: Record<string, IonValue> = {};
    for (const [name, value] of struct.entries()) {
      if (name !== 'symbols' && name !== 'imports') continue;
      if (Object.hasOwn(lists, name))
        this.#fail('a symbol table has a field twice');
      lists[name] = plainOf(value);
    }
    const symbols = Array.isArray(lists['symbols'])
      ? (lists['symbols'] as readonly IonValue[]).map((symbol) => {
          const plain = plainOf(symbol);
          return typeof plain === 'string' ? plain : null;
        })
      : [];
    const { imports } = lists;
    if (imports instanceof IonSymbol && imports.text === '$ion_symbol_table') {
      this.#table = this.#table.append(symbols);
      return;
    }
    let imported = 0;
    for (const one of Array.isArray(imports)
      ? (imports as readonly IonValue[])
      : [])
      imported += this.#imported(plainOf(one));
    this.#table = SymbolTable.local(imported, symbols);
  }

  /** How many symbols of a shared table are imported; their texts are not known here. */
  #imported(one: IonValue): number {
    if (!(one instanceof IonStruct)) return 0;
    const name = plainOf(one.get('name') ?? null);
    if (typeof name !== 'string' || name === '' || name === '$ion') return 0;
    const maxId = plainOf(one.get('max_id') ?? null);
    if (typeof maxId !== 'number' || maxId < 0 || maxId > 2 ** 31 - 1)
      return this.#fail(
        'an imported symbol table does not tell how many it has',
      );
    return maxId;
  }

  #takes(code: number): boolean {
    if (this.#text.charCodeAt(this.pos) !== code) return false;
    this.pos++;
    return true;
  }

  /** Goes over white space and comments. */
  #skip(): void {
    const text = this.#text;
    for (;;) {
      this.#skipSpace();
      if (text.charCodeAt(this.pos) !== SLASH) return;
      const next = text.charCodeAt(this.pos + 1);
      if (next === SLASH) {
        const end = /[\n\r]/g;
        end.lastIndex = this.pos;
        this.pos = end.exec(text)?.index ?? text.length;
      } else if (next === STAR) {
        const end = text.indexOf('*/', this.pos + 2);
        if (end < 0) {
          this.pos = text.length;
          this.#ended();
        }
        this.pos = end + 2;
      } else return;
    }
  }

  #skipSpace(): void {
    const text = this.#text;
    let { pos } = this;
    for (;;) {
      const code = text.charCodeAt(pos);
      if (code !== SPACE && !(code >= TAB && code <= RETURN)) break;
      pos++;
    }
    this.pos = pos;
  }

  #expected(what: string): never {
    if (this.pos >= this.#text.length) return this.#ended();
    return this.#fail(`${what} is expected`);
  }

  #ended(): never {
    throw new IonTextError('it ends in the middle of a value');
  }

  #fail(problem: string): never {
    throw new IonTextError(`${problem}, at character ${this.pos}`);
  }
}

const isDigit = (code: number): boolean => code >= 0x30 && code <= 0x39;

const isNameStart = (code: number): boolean =>
  (code >= 0x61 && code <= 0x7a) ||
  (code >= 0x41 && code <= 0x5a) ||
  code === 0x5f ||
  code === 0x24;

/** A bare name that is no keyword. */
const isIdentifier = (text: string | null): boolean =>
  text !== null && isNameStart(text.charCodeAt(0)) && !KEYWORDS.has(text);

const plainOf = (value: IonValue): IonValue =>
  value instanceof IonAnnotated ? value.value : value;

const bytesOf = (buffer: Buffer): Uint8Array =>
  new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length);
