/** Characters that a text counts for besides its own. */
const OVERHEAD = 32;
/** Longer texts are not remembered: what is so long is mostly said once. */
const LONGEST = 10_000;

/**
 * What a function makes of texts, remembered for those that came lately. What
 * was not asked for while others filled half of the cache is forgotten.
 *
 * @param capacity - how many characters all these texts have at most
 */
export function rememberedTexts<T>(
  make: (text: string) => T,
  capacity = 1 << 19,
): (text: string) => T {
  let recent = new Map<string, T>();
  let older = new Map<string, T>();
  let held = 0;
  return (text) => {
    const known = recent.get(text);
    if (known !== undefined) return known;
    const result = older.get(text) ?? make(text);
    if (text.length > LONGEST) return result;
    const size = text.length + OVERHEAD;
    if (held + size > capacity / 2) {
      older = recent;
      recent = new Map();
      held = 0;
    }
    recent.set(text, result);
    held += size;
    return result;
  };
}
