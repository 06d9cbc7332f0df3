import { decodeIon } from '../../ion/decode.js';
import { formatIonText } from '../../ion/text.js';
import { IonStruct, type IonValue } from '../../ion/value.js';
import { toJsonText } from '../../ion/json-text.js';

export type RowFormat = 'table' | 'ion' | 'json';

export const ROW_FORMATS: readonly RowFormat[] = ['table', 'ion', 'json'];

/** Rows of a table that have their widths in common. */
const PAGE = 100;
/** Narrower, a column shows nothing. */
const NARROWEST = 4;

/** Prints rows as they come. */
export class RowPrinter {
  #page: IonValue[] = [];
  count = 0;

  /** @param width - of the screen, in characters; lines are cut to it. Default: they are not cut */
  constructor(
    private readonly format: RowFormat,
    private readonly print: (line: string) => void,
    private readonly width = Infinity,
  ) {}

  add(row: Uint8Array): void {
    this.count++;
    const value = decodeIon(row);
    if (this.format === 'ion') this.print(formatIonText(value));
    else if (this.format === 'json') this.print(toJsonText(value));
    else if (this.#page.push(value) >= PAGE) this.#endPage();
  }

  end(): void {
    this.#endPage();
  }

  #endPage(): void {
    const rows = this.#page;
    this.#page = [];
    if (rows.length > 0)
      for (const line of tableOf(rows, this.width)) this.print(line);
  }
}

/** The column of rows that are no structs. */
const VALUE = 'value';

function tableOf(rows: readonly IonValue[], width: number): readonly string[] {
  const cells = rows.map((row) =>
    row instanceof IonStruct
      ? new Map(
          row
            .entries()
            .map(([name, value]) => [name ?? '$0', cellOf(value)] as const),
        )
      : new Map([[VALUE, cellOf(row)]]),
  );
  const names = [...new Set(cells.flatMap((row) => [...row.keys()]))];
  const widths = fit(
    names.map((name) =>
      Math.max(
        ...[name, ...cells.map((row) => row.get(name) ?? '')].map(widthOf),
      ),
    ),
    width,
  );
  const line = (texts: readonly string[]) =>
    texts
      .map((text, n) => cut(text, widths[n]))
      .join(' | ')
      .trimEnd();
  return [
    line(names.map(plain)),
    widths.map((one) => '-'.repeat(one)).join('-+-'),
    ...cells.map((row) => line(names.map((name) => row.get(name) ?? ''))),
  ];
}

/** A value on one line: strings without quotes, all else as Ion. */
const cellOf = (value: IonValue): string =>
  plain(typeof value === 'string' ? value : formatIonText(value));

/** Nothing that moves the cursor of a terminal, or colours it. */
const plain = (text: string): string =>
  text.replace(/\p{Cc}|\p{Cf}/gu, (character) =>
    character === '\n' ? '\u23ce' : '\ufffd',
  );

const characters = new Intl.Segmenter();
/** Characters that take two places of a terminal. */
const WIDE =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u;

function widthOf(text: string): number {
  let width = 0;
  for (const { segment } of characters.segment(text))
    width += WIDE.test(segment) ? 2 : 1;
  return width;
}

function cut(text: string, width: number): string {
  if (widthOf(text) <= width) return text + ' '.repeat(width - widthOf(text));
  let left = '';
  for (const { segment } of characters.segment(text)) {
    if (widthOf(left + segment) > width - 1) break;
    left += segment;
  }
  return `${left}\u2026`.padEnd(width);
}

/** Widths that fit on a screen: the widest column gives way first. */
function fit(widths: readonly number[], width: number): readonly number[] {
  const fitted = [...widths];
  const total = () =>
    fitted.reduce((sum, one) => sum + one, 3 * (fitted.length - 1));
  while (total() > width) {
    const widest = fitted.indexOf(Math.max(...fitted));
    const others = total() - fitted[widest];
    const next = Math.max(
      Math.min(width - others, fitted[widest] - 1),
      Math.floor(fitted[widest] / 2),
      NARROWEST,
    );
    if (next >= fitted[widest]) break;
    fitted[widest] = next;
  }
  return fitted;
}
