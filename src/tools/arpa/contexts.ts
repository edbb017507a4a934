import type { Pattern } from '../../tables/pattern.js';
import type { Block } from '../../tables/block.js';
import type { TableManifest } from '../../tables/manifest.js';

/**
 * The contexts of one table while it is loaded. They are n-grams of the table one order lower, which uses this list to link
 * each of its n-grams to the followers it has here.
 */
export class Contexts {
  count = 0;
  /** For each context, the link to its region. */
  readonly links: Uint32Array;
  /**
   * For each word of a context but the nearest, a column with one entry for each context: they tell which n-grams are contexts.
   * Empty for an unpruned pattern that keeps the previous word: there every n-gram that does not end with `</s>` is a context, so
   * that the n-grams and the contexts of one nearest word correspond one to one, in the same order.
   */
  private readonly farther: Uint32Array[];
  /** For each word two numbers: among the contexts with this nearest word, the first one not linked yet, and the end. */
  private readonly ranges: Uint32Array;

  constructor(
    readonly pattern: Pattern,
    words: number,
    { contexts: count, dropped }: TableManifest,
  ) {
    this.links = new Uint32Array(count);
    this.farther = pattern[0] === 1 && dropped === undefined ? [] : pattern.slice(1).map(() => new Uint32Array(count));
    this.ranges = new Uint32Array(2 * words);
  }

  add(columns: readonly Uint32Array[], c: number, link: number): void {
    const { farther, ranges } = this;
    const at = this.count++;
    this.links[at] = link;
    const nearest = columns[0][c];
    if (ranges[2 * nearest + 1] === 0) ranges[2 * nearest] = at;
    ranges[2 * nearest + 1] = at + 1;
    for (let j = 0; j < farther.length; j++) farther[j][at] = columns[j + 1][c];
  }

  /**
   * Links the n-grams of a block to their regions. N-grams are sorted by context, then by their last word; the contexts here
   * are sorted by nearest word, which is the last word of the n-gram, then by the others. So n-grams and contexts with the same
   * such word come in the same order.
   *
   * @param rows the index in `data` of each n-gram's row.
   * @param data the rows that get the links.
   * @param offset the index in a row at which the link is stored.
   */
  link(
    block: Pick<Block, 'contexts' | 'contextCount' | 'starts' | 'words'>,
    rows: Uint32Array,
    data: Uint32Array,
    offset: number,
  ): void {
    const { farther, ranges, links } = this;
    const { contexts, contextCount, starts, words } = block;
    const width = farther.length;
    for (let c = 0; c < contextCount; c++) {
      for (let row = starts[c]; row < starts[c + 1]; row++) {
        const word = words[row];
        const at = ranges[2 * word];
        if (at === ranges[2 * word + 1]) continue;
        let j = 0;
        while (j < width && farther[j][at] === contexts[j][c]) j++;
        if (j < width) continue;
        data[rows[row] + offset] = links[at];
        ranges[2 * word] = at + 1;
      }
    }
  }

  /** Links a one-word context that is no n-gram of the shorter table: `<s>`, which is never predicted. */
  linkWord(word: number, data: Uint32Array, at: number): void {
    const { ranges, links } = this;
    if (ranges[2 * word] === ranges[2 * word + 1]) return;
    data[at] = links[ranges[2 * word]++];
  }

  /** Whether each context has been linked. */
  get linked(): boolean {
    const { ranges } = this;
    for (let at = 0; at < ranges.length; at += 2) if (ranges[at] !== ranges[at + 1]) return false;
    return true;
  }
}
