/** The index of each 32-bit number of the header of a trie block. Constants, which bundlers put in their places. */

/** The checksum of all words after this. */
export const checksum = 0;
/** C, the number of contexts. */
export const contexts = 1;
/** R, the number of rows. */
export const rows = 2;
/** The index of the first context in its table. */
export const firstContext = 3;
/** The index of the first context's parent in the parents' table. */
export const firstParent = 4;
/** P, the number of parents from the first context's parent to the last context's parent, parents without children included. */
export const parents = 5;
/** The index of the block's first row among the followers of its context: above 0 in all blocks of a wide context except the first. */
export const firstRow = 6;
/** If the context is wide, so that its followers are in several blocks: the number of all its followers; else 0. */
export const followers = 7;
/** This field and all fields after it, except numbers of entries, are each the index of the first word of a section; 0 if the section is missing. */
export const words = 8;
export const childBits = 9;
export const childSamples = 10;
export const rowBits = 11;
export const rowSamples = 12;
export const ranks = 13;
export const rankBases = 14;
export const manyBits = 15;
export const manySamples = 16;
export const counts = 17;
/** M, the number of rows with a count above 1. */
export const many = 18;
export const totals = 19;
/** T, the number of entries of the list of totals. */
export const totalled = 20;
export const families = 21;
/** The number of entries of the list of parents with more than `COUNTED_UP` children. */
export const familyCount = 22;
export const pruned = 23;
export const bare = 24;
export const probabilities = 25;
export const backoffs = 26;
export const end = 27;

/** The length of the header [32-bit words]. */
export const WORDS = 28;
