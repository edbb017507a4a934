import type { TableManifest } from '../../tables/manifest.js';
import type { TrieTable } from '../../tables/trie-rows.js';

/** A table that is to be checked. */
export interface CheckedTable extends TrieTable {
  readonly manifest: TableManifest;
  /** The ids of its words are below this. */
  readonly words: number;
  /** Contexts from all over the table, oldest word first: found while its rows are checked. */
  readonly sampled: number[][];
}
