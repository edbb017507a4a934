import type { TableManifest } from '../../tables/manifest.js';
import type { TrieTable } from '../../tables/trie-blocks.js';

/** A table to check. */
export interface CheckedTable extends TrieTable {
  readonly manifest: TableManifest;
  /** All ids of predicted words are below it. */
  readonly words: number;
  /** A few contexts from all over the table, oldest word first. `checkRows` fills the array. */
  readonly sampled: number[][];
}
