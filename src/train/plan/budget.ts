import { KneserError } from '../../base/errors.js';

/**
 * The budget of a training: bytes that its parts take, and shares of `memory` (the bytes to aim for) that each stage may take.
 * The shares of stages that run one after the other need not add up to 1.
 */

/** Words of a class, at least: smaller classes tell hardly more than words do. */
export const WORDS_A_CLASS = 20;
/** A text of fewer numbers (tokens, and what each sentence adds) is counted sooner than a thread starts or a file is written. */
export const SMALL_TEXT = 200_000;

/** Bytes of a position of a chunk while it is sorted: its id, its place in the order, three scratch arrays of a thread. */
export const BYTES_A_POSITION = 4 + 4 + 12;
/** Bytes of a word besides those in the list of words. Each thread needs 4 more. */
export const BYTES_A_WORD = 48;

/** Reading: the word indices that stay in memory, of counted and of held-out sentences; the rest goes to the disk. */
export const IDS_SHARE = 1 / 6;
export const HELD_OUT_SHARE = 1 / 16;
/** Reading: the list of words, and the arrays by word. */
export const WORDS_SHARE = 1 / 2;
/** Reading: the longest token. */
export const TOKEN_SHARE = 1 / 8;
/** Clustering: the hash table of bigrams, and the matrices of pairs of classes. */
export const CLASSES_SHARE = 1 / 4;
/** Learning weights: the evidence that they are learned from. */
export const EVIDENCE_SHARE = 1 / 4;

/** Garbage is collected each time text read, blocks read, or blocks written reach these shares: the buffers left behind are several times as large. */
export const TEXT_SHARE = 1 / 16;
export const READ_SHARE = 1 / 64;
export const WRITTEN_SHARE = 1 / 16;

/** Bytes of `memory` for LevelDB, threads, and garbage not yet collected: the stages divide the rest. */
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
  /** Advice besides more memory. */
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
