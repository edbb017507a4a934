import type { RegionShape } from './table-room.js';

/**
 * A table while it is loaded: arrays that threads share. Contexts and rows are numbered from 0 in the order of the trie.
 */
export interface LoadingColumns {
  /** By 1 + context, the link to its region; 0 at index 0. */
  readonly links: Uint32Array;
  /** By context of the parents' table, its first child; one more entry is the number of contexts. With the empty pattern as parent: by word, 1 + its context. */
  readonly children: Uint32Array;
  /** By context, its farthest word; empty where `isWhole`. */
  readonly farthest: Uint32Array;
  /** By context, its first row; one more entry is the number of rows. Empty unless the table is a parent. */
  readonly starts: Uint32Array;
  /** By row, its word. Empty unless the table is a parent. */
  readonly words: Uint32Array;
  /** By link and row, 1 + the number of the context in the linked table, or 0. Only for linked tables that are parents; empty for others. */
  readonly numbers: readonly Uint32Array[];
}

/** A table to which the rows of another table link: the data that loading the other table needs. */
export interface LinkedTable {
  /** Whether every n-gram of the linking table that does not end with `</s>` is a context: words are then not compared. */
  readonly isWhole: boolean;
  readonly columns: Pick<LoadingColumns, 'links' | 'children' | 'farthest'>;
  /** By row of the parent of the linking table, 1 + its context in the parent of the linked table, or 0. Empty in the table of the empty pattern. */
  readonly parentNumbers: Uint32Array;
}

/** How a table is loaded: plain data, and memory that threads share. */
export interface LoadingTable {
  /** The name of the table in messages. */
  readonly name: string;
  readonly shape: RegionShape;
  /** Numbers of a row before its links. */
  readonly linksAt: number;
  readonly wordBits: number;
  /** Word ids are below this. */
  readonly words: number;
  readonly isBackoff: boolean;
  /** Whether the parent has the empty pattern. */
  readonly isUnderRoot: boolean;
  readonly columns: LoadingColumns;
  /** The columns of the parent. */
  readonly parent: Pick<LoadingColumns, 'starts' | 'words'>;
  readonly linked: readonly LinkedTable[];
  readonly data: Uint32Array;
  /** Gets log10 p and log10 back-offs; empty for a model with counts. */
  readonly numbers: Float64Array;
}

/** The figures of a block that is laid out: each is a number at this index of the block's `count` numbers. */
export const BlockField = {
  firstContext: 0,
  contexts: 1,
  rows: 2,
  firstRow: 3,
  /** As `TrieBlock.wideFollowers`. */
  wideFollowers: 4,
  firstParent: 5,
  lastParent: 6,
  /** Lines, and 32-bit numbers of flat regions, that its contexts take. */
  lines: 7,
  flat: 8,
  /** Rows with a word: all rows that are not of a bare context. */
  worded: 9,
  /** The farthest word of the first context, and the rank of the first row if the context began in a block before, else 0. */
  firstWord: 10,
  firstRank: 11,
  count: 12,
} as const;

/** Where the contexts, rows, regions and numbers of a block begin in the table, and the block's figures from the layout. */
export interface BlockStart {
  /** Index of its first context in the table. */
  readonly firstContext: number;
  /** Number of rows in the blocks before. */
  readonly rows: number;
  /** Number of rows in this block. */
  readonly ownRows: number;
  /** As in `BlockField`. */
  readonly firstRow: number;
  readonly wideFollowers: number;
  /** Where its lines, its flat regions and its numbers begin. */
  readonly lines: number;
  readonly flat: number;
  readonly numbers: number;
}
