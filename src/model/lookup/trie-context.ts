import type { Followers } from '../../smoothing/followers.js';
import type { TrieBlock } from '../../tables/trie-block.js';

/** A context of a trie table with all its rows, which are in one block, or for a wide context in several. */
export class TrieContext {
  /** Number of rows. */
  readonly length: number;
  /** The context's first row, and its number, within the first block. */
  private readonly from: number;
  private readonly local: number;

  /**
   * @param number of the context in its table.
   * @param blocks that have its rows, in their order.
   * @param above the context without its farthest word; `undefined` for the empty context.
   */
  constructor(
    readonly number: number,
    private readonly blocks: readonly TrieBlock[],
    private readonly above: TrieContext | undefined,
  ) {
    const [block] = blocks;
    this.local = number - block.firstContext;
    block.findRows(this.local);
    this.from = block.from;
    this.length = block.isBare(this.local) ? 0 : block.partOf > 0 ? block.partOf : block.to - block.from;
  }

  /** The word of a row of the context. */
  wordOf(row: number): number {
    const rank = this.blockOf(row).rank(this.at(row));
    return this.above ? this.above.wordOf(rank) : rank;
  }

  /** The row of a word, or −1. */
  rowOf(word: number): number {
    const rank = this.above ? this.above.rowOf(word) : word;
    if (rank < 0 || this.length === 0) return -1;
    for (const block of this.blocks) {
      block.findRows(block === this.blocks[0] ? this.local : 0);
      const row = block.findRank(rank);
      if (row >= 0) return row - block.from + block.firstRow;
    }
    return -1;
  }

  countOf(row: number): number {
    return this.blockOf(row).count(this.at(row));
  }

  log10ProbOf(row: number): number {
    return this.blockOf(row).log10Prob(this.at(row));
  }

  /** The block of a row, and where it is there. Each block but the last is full. */
  private blockOf(row: number): TrieBlock {
    const { blocks } = this;
    return blocks.length === 1 ? blocks[0] : blocks[Math.floor(row / blocks[0].rows)];
  }

  private at(row: number): number {
    const { blocks, from } = this;
    return blocks.length === 1 ? from + row : row % blocks[0].rows;
  }
}

/** The followers of a context. */
export function followersOf(context: TrieContext): Followers {
  const { length } = context;
  return {
    key: context.number,
    length,
    copy: (words, counts) => {
      for (let row = 0; row < length; row++) {
        words[row] = context.wordOf(row);
        counts[row] = context.countOf(row);
      }
    },
    copyLog10Probs: (words, log10Probs) => {
      for (let row = 0; row < length; row++) {
        words[row] = context.wordOf(row);
        log10Probs[row] = context.log10ProbOf(row);
      }
    },
    countOf: word => {
      const row = context.rowOf(word);
      return row < 0 ? 0 : context.countOf(row);
    },
  };
}
