import { TRIE_ROWS, type TrieBlock } from './trie-block.js';

/** The contexts and rows of a trie block as columns, for readers that want all of them: C contexts and R rows. */
export class TrieColumns {
  /** By context, the number of its parent in the parents' table. */
  readonly parents = new Uint32Array(TRIE_ROWS);
  /** By context, its farthest word. */
  readonly words = new Uint32Array(TRIE_ROWS);
  /** Rows `starts[c]` … `starts[c + 1]` − 1 are the followers of context c. */
  readonly starts = new Uint32Array(TRIE_ROWS + 1);
  /** By row, its rank: the index of its word among the followers of the context's parent. */
  readonly ranks = new Uint32Array(TRIE_ROWS);
  /** By row. */
  readonly counts = new Uint32Array(TRIE_ROWS);

  /** Reads a block into the columns, which overwrites the block before. @param withWords whether to fill `words` too. */
  read(block: TrieBlock, withWords = true): void {
    block.readContexts(this.parents, this.starts);
    if (withWords) block.readWords(this.words);
    block.readRows(this.ranks, this.counts);
  }
}
