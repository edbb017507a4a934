import type { Pattern } from '../../tables/pattern.js';
import type { TableManifest } from '../../tables/manifest.js';

/**
 * Finds the contexts of one table that are n-grams of the table one order below.
 *
 * - Input: the contexts, in the order of their table, by `add`; then the n-grams of the table below, in the order of that table, by `find`.
 * - N-grams are sorted by context, then by last word. Contexts are sorted by nearest word, which is the last word of the n-gram, then by
 *   their other words. So the n-grams and the contexts with one such word come in the same order, and a cursor for each word finds them.
 */
export class Contexts {
  /** Number of contexts. */
  count = 0;
  /**
   * For each word of a context but the nearest, a column with one entry for each context: they tell which n-grams are contexts.
   * Empty for an unpruned pattern that keeps the previous word: there every n-gram that does not end with `</s>` is a context, so
   * that the n-grams and the contexts of one nearest word correspond one to one, in the same order.
   */
  private readonly farther: Uint32Array[];
  /** For each word two numbers: among the contexts with this nearest word, the first one not found yet, and the end. */
  private readonly ranges: Uint32Array;

  /** @param words all word ids are below it. */
  constructor(pattern: Pattern, words: number, { contexts: count, dropped }: TableManifest) {
    this.farther = pattern[0] === 1 && dropped === undefined ? [] : pattern.slice(1).map(() => new Uint32Array(count));
    this.ranges = new Uint32Array(2 * words);
  }

  /** Adds the next context. @param context its words, nearest first. */
  add(context: Uint32Array): void {
    const { farther, ranges } = this;
    const at = this.count++;
    const nearest = context[0];
    if (ranges[2 * nearest + 1] === 0) ranges[2 * nearest] = at;
    ranges[2 * nearest + 1] = at + 1;
    for (let j = 0; j < farther.length; j++) farther[j][at] = context[j + 1];
  }

  /**
   * The index of the context with the words of an n-gram; −1 if the n-gram is no context.
   *
   * @param context the context of the n-gram, nearest word first.
   * @param word the last word of the n-gram.
   */
  find(context: Uint32Array, word: number): number {
    const { farther, ranges } = this;
    const at = ranges[2 * word];
    if (at === ranges[2 * word + 1]) return -1;
    for (let j = 0; j < farther.length; j++) if (farther[j][at] !== context[j]) return -1;
    ranges[2 * word] = at + 1;
    return at;
  }
}
