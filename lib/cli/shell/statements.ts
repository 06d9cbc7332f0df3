/** A statement, and the line on which it begins. */
export interface Typed {
  readonly text: string;
  /** From 1. */
  readonly line: number;
}

/** Where in a text a reader of it is. */
type Place = 'text' | "'" | '"' | '`' | '--' | '/*';

/**
 * Takes statements out of lines as they are typed. A `;` ends one, unless it
 * stands in a string, a quoted name, Ion or a comment.
 */
export class Statements {
  #text = '';
  #place: Place = 'text';
  /** Number of the line that comes next. */
  #line = 1;
  /** Where the statement begins that is being typed. */
  #begin = 1;

  /** Whether a statement was begun and not ended. */
  get isOpen(): boolean {
    return this.#place !== 'text' || this.#text.trim() !== '';
  }

  /** The statements that end on a line. */
  add(line: string): readonly Typed[] {
    const ended: Typed[] = [];
    for (let at = 0; at < line.length; at++) {
      const character = line[at];
      if (this.#place === 'text' && character === ';') {
        const text = this.#text.trim();
        if (text !== '') ended.push({ text, line: this.#begin });
        this.#text = '';
        continue;
      }
      if (this.#text.trim() === '' && character.trim() !== '') {
        this.#text = '';
        this.#begin = this.#line;
      }
      const two = line.slice(at, at + 2);
      this.#text += character;
      if (this.#move(character, two)) this.#text += line[++at];
    }
    if (this.#place === '--') this.#place = 'text';
    this.#text += '\n';
    this.#line++;
    return ended;
  }

  /** What is left when nothing more comes: a last statement may do without its `;`. */
  end(): readonly Typed[] {
    const text = this.#text.trim();
    this.clear();
    return text === '' ? [] : [{ text, line: this.#begin }];
  }

  /** Forgets what was typed of a statement. */
  clear(): void {
    this.#text = '';
    this.#place = 'text';
  }

  /** Goes on by a character; true if it took the one behind it as well. */
  #move(character: string, two: string): boolean {
    switch (this.#place) {
      case 'text':
        if (two === '--' || two === '/*') {
          this.#place = two;
          return true;
        }
        if (character === "'" || character === '"' || character === '`')
          this.#place = character;
        return false;
      case '/*':
        if (two !== '*/') return false;
        this.#place = 'text';
        return true;
      case '--':
        return false;
      case "'":
      case '"':
      case '`':
        if (character !== this.#place) return false;
        // Twice, it stands for itself.
        if (two === character + character && character !== '`') return true;
        this.#place = 'text';
        return false;
    }
  }
}
