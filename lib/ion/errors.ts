/**
 * The bytes are not valid Ion binary, or not what the call asked for (such as
 * exactly one value).
 *
 * `offset` is where in the given bytes the reader stopped. The bytes came from
 * outside: ask their sender, or compare their length with what was sent.
 */
export class IonBinaryError extends Error {
  readonly code = 'ION_INVALID_BINARY';

  constructor(
    problem: string,
    /** Index into the bytes that were read. */
    readonly offset: number,
  ) {
    super(`Invalid Ion binary at offset ${offset}: ${problem}`);
    this.name = 'IonBinaryError';
  }
}

/**
 * The text is not valid Ion text, or does not hold exactly one value. The
 * message says where, never what stands there.
 */
export class IonTextError extends Error {
  readonly code = 'ION_INVALID_TEXT';

  constructor(problem: string, options?: ErrorOptions) {
    super(`Invalid Ion text: ${problem}`, options);
    this.name = 'IonTextError';
  }
}

/**
 * A JavaScript value has no Ion form, or an Ion value has no JavaScript form.
 *
 * The message names the place and the type, never the value.
 */
export class IonConversionError extends TypeError {
  readonly code = 'ION_UNSUPPORTED_VALUE';

  constructor(
    problem: string,
    /** Where the value stands, such as `$.Owners[1].since`; `$` is the value itself. */
    readonly path: string = '$',
  ) {
    super(problem);
    this.name = 'IonConversionError';
  }
}

/** A symbol or a field's name has no known text. */
export class UnknownTextError extends IonConversionError {
  constructor() {
    super(
      'A symbol has no known text ($0). Ion that holds it can be stored and hashed, but not converted.',
    );
  }
}

/**
 * The text of a symbol, if it is known. `null` stands for the symbol of unknown
 * text, `$0`, which only Ion with imported symbol tables brings about.
 *
 * @internal
 */
export function knownText(text: string | null): string {
  if (text !== null) return text;
  throw new UnknownTextError();
}
