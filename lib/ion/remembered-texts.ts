/** Characters of the texts that one half of a cache holds. */
const CAPACITY = 1 << 18;
/** Longer texts are not remembered: what is so long is mostly said once. */
const LONGEST = 10_000;

/**
 * What a function makes of texts, remembered for those that came lately. What
 * was not asked for while others filled half of the cache is forgotten.
 */
export function rememberedTexts<T>(
  make: (text: string) => T,
): (text: string) => T {
  let recent = new Map<string, T>();
  let older = new Map<string, T>();
  let held = 0;
  return (text) => {
    const known = recent.get(text);
    if (known !== undefined) return known;
    const result = older.get(text) ?? make(text);
    if (text.length > LONGEST) return result;
    if (held > CAPACITY) {
      older = recent;
      recent = new Map();
      held = 0;
    }
    recent.set(text, result);
    held += text.length;
    return result;
  };
}
