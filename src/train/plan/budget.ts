/**
 * The budget of a training: bytes that its parts take, and shares of `memory` (the bytes to aim for) that each stage may take.
 * The shares of stages that run one after the other need not add up to 1.
 */

/** Words a class, at least: smaller classes say little that words do not. */
export const WORDS_A_CLASS = 20;
/** Numbers (tokens and ends of sentences): a smaller text is counted before a thread would have started or a file been written. */
export const SMALL_TEXT = 200_000;

/** Bytes that a position of a chunk takes while it is sorted: its id, its place in the order, a thread's three scratch arrays. */
export const BYTES_A_POSITION = 4 + 4 + 12;
/** Bytes that a word takes besides its place in the list of words, without the 4 that each thread needs for it. */
export const BYTES_A_WORD = 48;

/** Reading: the counted and the held-out word numbers that stay in memory; the rest goes to the disk. */
export const IDS_SHARE = 1 / 6;
export const HELD_OUT_SHARE = 1 / 16;
/** Reading: the longest token. */
export const TOKEN_SHARE = 1 / 8;
/** Clustering: the pairs of words that are counted, and the table of pairs of classes. */
export const CLASSES_SHARE = 1 / 4;
/** Tuning: the evidence from which weights are learned. */
export const EVIDENCE_SHARE = 1 / 4;

/** Bytes of text read, of blocks read and of blocks written, after which the garbage they left, several times as much, is collected. */
export const TEXT_SHARE = 1 / 16;
export const READ_SHARE = 1 / 64;
export const WRITTEN_SHARE = 1 / 16;
