import type { TrieBlock } from '../../tables/trie-block.js';

/** In a context with at most this many rows, words are searched, however many words are looked up in it. */
const FEWEST_ROWS = 16;
/** Mapping the rows of a context saves time if the number of words to look up is more than this share of the number of rows. */
const SHARE = 1 / 10;

/** Maps ranks to the rows of one context. If many words are looked up in a context, each row is then found in one step. */
class RowMap {
  /** By rank, 1 + the index of the row in the block; 0 for ranks without a row. */
  private rows = new Uint16Array(1 << 10);
  /** The ranks of the mapped rows, ascending; the first `length` entries are valid. */
  private readonly ranks = new Uint32Array(1 << 12);
  private length = 0;

  /** Whether it pays to map the context whose rows the block found last, in order to look up `words` words. */
  pays(block: TrieBlock, words: number): boolean {
    const rows = block.to - block.from;
    return rows > FEWEST_ROWS && words > SHARE * rows;
  }

  /** Maps the rows of the context that the block found last. */
  fill(block: TrieBlock): void {
    const { ranks } = this;
    this.length = block.to - block.from;
    block.readRanks(ranks);
    const largest = ranks[this.length - 1];
    if (largest >= this.rows.length) this.rows = new Uint16Array(2 * largest);
    const { rows } = this;
    const first = block.from + 1;
    for (let i = 0; i < this.length; i++) rows[ranks[i]] = first + i;
  }

  /** The row of a rank, or −1. */
  find(rank: number): number {
    return rank < this.rows.length ? this.rows[rank] - 1 : -1;
  }

  /** Removes all rows from the map. */
  clear(): void {
    const { rows, ranks } = this;
    for (let i = 0; i < this.length; i++) rows[ranks[i]] = 0;
  }
}

/** Working memory for one context at a time, which all tables use. */
export const rowMap = new RowMap();
