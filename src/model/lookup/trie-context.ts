import type { Followers } from '../../smoothing/followers.js';
import type { TrieBlock } from '../../tables/trie-block.js';

/** A context of a trie table with all its rows. The rows are in one block, or, for a wide context, in several. */
export class TrieContext {
  /** Number of rows. */
  readonly length: number;
  /** The index of the context's first row in the first block. */
  private readonly from: number;
  /** The index of the context within the first block. */
  private readonly inBlock: number;

  /**
   * @param index the index of the context in its table.
   * @param blocks the blocks of its rows, in the order of the table.
   * @param parent the context without its farthest word; `undefined` for the empty context.
   */
  constructor(
    readonly index: number,
    private readonly blocks: readonly TrieBlock[],
    private readonly parent: TrieContext | undefined,
  ) {
    const [block] = blocks;
    this.inBlock = index - block.firstContext;
    block.findRows(this.inBlock);
    this.from = block.from;
    this.length = block.isBare(this.inBlock)
      ? 0
      : block.wideFollowers > 0
        ? block.wideFollowers
        : block.to - block.from;
  }

  /** The word id of a row of the context. @param row index among the rows of the context, from 0. */
  wordOf(row: number): number {
    const rank = this.blockOf(row).rank(this.at(row));
    return this.parent ? this.parent.wordOf(rank) : rank;
  }

  /** The row of a word; −1 if the word does not follow the context. */
  rowOf(word: number): number {
    const rank = this.parent ? this.parent.rowOf(word) : word;
    if (rank < 0 || this.length === 0) return -1;
    for (const block of this.blocks) {
      block.findRows(block === this.blocks[0] ? this.inBlock : 0);
      const row = block.findRank(rank);
      if (row >= 0) return row - block.from + block.firstRow;
    }
    return -1;
  }

  /** The count of a row of the context. */
  countOf(row: number): number {
    return this.blockOf(row).count(this.at(row));
  }

  /** log10 p of a row of the context, in a back-off model. */
  log10ProbOf(row: number): number {
    return this.blockOf(row).log10Prob(this.at(row));
  }

  /** The block of a row. All blocks of a wide context except the last have the same number of rows. */
  private blockOf(row: number): TrieBlock {
    const { blocks } = this;
    return blocks.length === 1 ? blocks[0] : blocks[Math.floor(row / blocks[0].rows)];
  }

  /** The index of a row of the context within its block. */
  private at(row: number): number {
    const { blocks, from } = this;
    return blocks.length === 1 ? from + row : row % blocks[0].rows;
  }
}

/** The followers of a context. */
export function trieFollowers(context: TrieContext): Followers {
  const { length } = context;
  return {
    key: context.index,
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
