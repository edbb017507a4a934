import { TRIE_ROWS, type TrieBlock } from './trie-block.js';

/** The contexts and rows of a trie block as arrays, for readers that read all of them. Arrays may have more entries, which have no meaning. */
export class TrieColumns {
  /** By context, the index of its parent in the parents' table. */
  readonly parents = new Uint32Array(TRIE_ROWS);
  /** By context, the id of its farthest word. */
  readonly words = new Uint32Array(TRIE_ROWS);
  /** Rows `starts[c]` … `starts[c + 1]` − 1 are the followers of context c. */
  readonly starts = new Uint32Array(TRIE_ROWS + 1);
  /** By row, its rank: the index of its word among the followers of the context's parent. */
  readonly ranks = new Uint32Array(TRIE_ROWS);
  /** By row, its count. */
  readonly counts = new Uint32Array(TRIE_ROWS);

  /** Overwrites the arrays with the contexts and rows of a block. @param withWords whether to fill `words` too. */
  read(block: TrieBlock, withWords = true): void {
    block.readContexts(this.parents, this.starts);
    if (withWords) block.readWords(this.words);
    block.readRows(this.ranks, this.counts);
  }
}
