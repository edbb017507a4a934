import { KneserError } from '../../base/errors.js';

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
/** Reading: the list of words, and what is kept of each word. */
export const WORDS_SHARE = 1 / 2;
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

/** Bytes of `memory` that stages do not divide among themselves: they are for LevelDB, threads, and garbage not yet collected. */
export const OVERHEAD = 24 << 20;

/** A part of a training that needs more memory than its share. */
interface Excess {
  /** The option that the part belongs to: the message begins with it. */
  readonly option: string;
  /** A noun phrase: `300 classes`. */
  readonly subject: string;
  /** Bytes that it needs. */
  readonly bytes: number;
  /** Its share of `memory`. */
  readonly share: number;
  /** Bytes that the stages divide among themselves. */
  readonly memory: number;
  /** What the caller can do other than allow more memory. */
  readonly instead: string;
}

/** The error for a part of a training that needs more memory than its share: says how much memory would do. */
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
