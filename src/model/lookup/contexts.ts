import type { Pattern } from '../../tables/pattern.js';
import type { Block } from '../../tables/block.js';
import type { TableManifest } from '../../tables/manifest.js';

/**
 * The contexts of one table while it is loaded. They are n-grams of the table one order lower, which uses this list to link
 * each of its n-grams to the followers it has here.
 */
export class Contexts {
  count = 0;
  /** Links to their regions. */
  readonly links: Uint32Array;
  /**
   * Their words but the nearest, to tell which n-grams are contexts. Not needed where each n-gram that does not end a
   * sentence is one, as before the very next word where nothing was pruned: then the order tells.
   */
  private readonly farther: Uint32Array[];
  /** For each word two numbers: the first context not yet linked that the word is nearest in, and the end of those. */
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
   * Links the n-grams of a block to their regions. N-grams come by context, then word, and these contexts by nearest
   * word, then the others: so those of one word come in the same order here and there.
   *
   * @param rows where each n-gram of the block is in `data`.
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

  /** Links a word as a context that no n-gram ends with: the beginning of a sentence. */
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
