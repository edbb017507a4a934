/**
 * Patterns of kept context positions (Pickhardt et al. 2014).
 *
 * A pattern is the set of distances it keeps, counted from the predicted word: 1 is the word just before it. It is
 * written oldest position first, target last, `1` for a kept and `_` for a skipped word: `1_11` keeps the distances 3
 * and 1. The contiguous patterns `1`, `11`, `111` … are the ordinary n-gram orders.
 */

/** The distances a pattern keeps, ascending (nearest word first). The empty pattern is the unigram's. */
export type Pattern = readonly number[];

/** The pattern of order `order` that skips nothing: distances 1 … order − 1. */
export function contiguous(order: number): Pattern {
  return Array.from({ length: order - 1 }, (_, index) => index + 1);
}

/** Whether the pattern keeps every distance up to its largest, as the ordinary n-grams do. */
export function isContiguous(pattern: Pattern): boolean {
  return pattern.length === span(pattern);
}

/** The largest distance the pattern keeps; 0 for the empty pattern. */
export function span(pattern: Pattern): number {
  return pattern.at(-1) ?? 0;
}

/** `1_11` for the distances 1 and 3. */
export function formatPattern(pattern: Pattern): string {
  let text = '1';
  for (let distance = 1; distance <= span(pattern); distance++) text = (pattern.includes(distance) ? '1' : '_') + text;
  return text;
}

/** The reverse of {@link formatPattern}; `undefined` for text that is no pattern. */
export function parsePattern(text: string): Pattern | undefined {
  if (!/^(1[1_]*)?1$/.test(text)) return undefined;
  const pattern: number[] = [];
  for (let distance = 1; distance < text.length; distance++) {
    if (text[text.length - 1 - distance] === '1') pattern.push(distance);
  }
  return pattern;
}

/** Fewer kept words first, then nearer ones: an order in which every pattern comes after all its subsets. */
export function comparePatterns(a: Pattern, b: Pattern): number {
  if (a.length !== b.length) return a.length - b.length;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return (a[i] ?? 0) - (b[i] ?? 0);
  return 0;
}
