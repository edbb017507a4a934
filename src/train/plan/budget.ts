import { KneserError } from '../../base/errors.js';

/**
 * The budget of a training: how many bytes a word or a position takes, and which share of `memory` (the bytes to aim for) each stage may
 * take. The shares of all stages may add up to more than 1, because only one stage runs at a time.
 */

/** The least number of words for each class: there are at most 1/20 as many classes as words. Smaller classes generalise hardly more than words. */
export const WORDS_A_CLASS = 20;
/** A source of fewer 32-bit numbers (tokens, and the padding of each sentence) is counted on one thread, without files: that takes less time. */
export const SMALL_TEXT = 200_000;

/** Bytes that a position of a chunk takes while it is sorted: its id (4), its entry in the sorted order (4), a thread's three scratch arrays (12). */
export const BYTES_A_POSITION = 4 + 4 + 12;
/** Bytes that a word takes besides its entry in the list of words. Each thread needs 4 more for each word. */
export const BYTES_A_WORD = 48;

/** While text is read: the word indices of counted sentences that stay in memory; further ones go to the disk. */
export const IDS_SHARE = 1 / 6;
/** While text is read: the word indices of held-out sentences that stay in memory; further ones go to the disk. */
export const HELD_OUT_SHARE = 1 / 16;
/** While text is read: the list of words, and the arrays with an entry for each word. */
export const WORDS_SHARE = 1 / 2;
/** While text is read: the longest token. */
export const TOKEN_SHARE = 1 / 8;
/** While words are clustered: the hash table of bigrams, and the matrices of pairs of classes. */
export const CLASSES_SHARE = 1 / 4;
/** While weights are learned: the evidence of the held-out words. */
export const EVIDENCE_SHARE = 1 / 4;

/** Garbage is collected each time the bytes of text read since the last collection reach this share: the garbage is several times as large. */
export const TEXT_SHARE = 1 / 16;
/** The same for the bytes of blocks read. */
export const READ_SHARE = 1 / 64;
/** The same for the bytes of blocks written. */
export const WRITTEN_SHARE = 1 / 16;

/** Bytes of `memory` for LevelDB, threads, and garbage not yet collected. The stages divide the rest. */
export const OVERHEAD = 24 << 20;

/** A part of a training that needs more memory than its share. */
interface Excess {
  /** The option that the message begins with. */
  readonly option: string;
  /** A plural noun phrase that names the part: `300 classes`. */
  readonly subject: string;
  /** Bytes that the part needs. */
  readonly bytes: number;
  /** The share of `memory` that the part may take. */
  readonly share: number;
  /** Bytes that the stages divide among themselves. */
  readonly memory: number;
  /** The advice besides more memory: an imperative. */
  readonly instead: string;
}

/** The error for a part of a training that needs more memory than its share. Its message says how much memory would be enough. */
export function overBudget({ option, subject, bytes, share, memory, instead }: Excess): KneserError {
  const megabytes = (size: number): number => Math.ceil(size / 2 ** 20);
  const [needed, allowed, enough] = [
    megabytes(bytes),
    Math.floor((memory * share) / 2 ** 20),
    megabytes(bytes / share + OVERHEAD),
  ];
  return new KneserError(
    'KNESER_LIMIT',
    `${option}: ${subject} need ${needed} MB, but memory (--memory) leaves them ${allowed} MB; set it to at least ${enough} MB, or ${instead}`,
  );
}
