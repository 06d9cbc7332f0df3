/** The characters of a text as SQL counts them: code points, not UTF-16 units. */
export function charactersOf(text: string): readonly string[] {
  return Array.from(text);
}
