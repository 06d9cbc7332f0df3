const ENCODING = 'a JavaScript string has no encoding';

/** Files of ion-tests that cannot be read here, and why. */
export const ION_SKIPS: Readonly<Record<string, string | undefined>> = {
  'good/utf16.ion': ENCODING,
  'good/utf32.ion': ENCODING,
};
