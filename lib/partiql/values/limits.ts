/** Bytes that one value may take if it is written out, if a statement's caller does not say. */
export const LARGEST_VALUE = 16 * 1024 * 1024;

/**
 * Digits that a number may have which is computed with. Larger ones can be
 * stored, read and compared.
 */
export const MOST_DIGITS = 1_000;

/**
 * Digits up to which a number's decimal text is worked out, to group and look
 * it up by. The time of that grows faster than the number.
 */
export const MOST_KEY_DIGITS = 10_000;
