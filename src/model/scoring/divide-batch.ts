import { grown } from '../../base/grown.js';
import { sharedMemory } from '../../base/shared-memory.js';
import type { Batch } from '../../smoothing/batch.js';
import type { TextCache } from '../../smoothing/cache/text-cache.js';
import { emptyScores, type BatchScorer, type BatchScores } from './scorer.js';

/**
 * Some words of a batch, each with a history of its own. All large batches are of this class, because V8 compiles a loop for objects of one
 * shape.
 */
export class PartOfBatch implements Batch {
  /** The parameters are the members of {@link Batch}. */
  constructor(
    readonly ids: Uint32Array,
    readonly targets: Uint32Array,
    readonly available: Uint8Array,
    readonly oov: Uint8Array,
    readonly length: number,
  ) {}
}

/**
 * The words of a batch in parts of about the same length, by the nearest word of their history: tables have their contexts in the order of
 * that word first, so that each part needs other blocks of a table of contiguous n-grams.
 */
export class DividedBatch {
  // In memory that threads share, so that a part is sent to a thread without a copy.
  /** The ids of each word, with a history of its own; the words of each part follow those of the part before. */
  private readonly ids: Uint32Array;
  private readonly available: Uint8Array;
  private readonly oov: Uint8Array;
  /** The targets of the longest part; those of all parts begin with the same numbers. */
  private readonly targets: Uint32Array;
  /** The indices of the words in the batch, in the same sequence; in each part ascending. */
  private readonly indices: Uint32Array;
  /** By part, its first word in that sequence; one more entry, their number. */
  private readonly starts: Uint32Array;
  /** How many ids each word has. */
  private readonly width: number;

  /**
   * @param order of scoring: the longest history has `order` − 1 words.
   * @param count the most parts.
   */
  constructor(batch: Batch, order: number, count: number) {
    const { length } = batch;
    const { partOf, starts } = shareWords(countNearest(batch), length, count);
    this.width = 1 + Math.max(1, order - 1);
    // Parts without words are left out.
    this.starts = starts.filter((start, part) => part === 0 || start > starts[part - 1]);
    this.indices = new Uint32Array(length);
    this.ids = new Uint32Array(sharedMemory(4 * this.width * length));
    this.available = new Uint8Array(sharedMemory(length));
    this.oov = new Uint8Array(sharedMemory(length));
    this.distribute(batch, partOf, starts.slice());
    this.targets = new Uint32Array(sharedMemory(4 * longestPart(this.starts)));
    fillTargets(this.targets, this.width);
  }

  /** Number of parts. */
  get count(): number {
    return this.starts.length - 1;
  }

  /** The words of a part as a batch. */
  batch(part: number): Batch {
    const { ids, available, oov, starts, width } = this;
    const from = starts[part];
    const to = starts[part + 1];
    return new PartOfBatch(
      ids.subarray(width * from, width * to),
      this.targets.subarray(0, to - from),
      available.subarray(from, to),
      oov.subarray(from, to),
      to - from,
    );
  }

  /** The words of a part, as indices in the batch. */
  words(part: number): Uint32Array {
    return this.indices.subarray(this.starts[part], this.starts[part + 1]);
  }

  /**
   * Copies each word to the next place of its part. In the sequence of the batch it reads the batch once from end to end; part by part, each
   * word would be a cache miss (5 times slower, measured).
   *
   * @param next by part, that place.
   */
  private distribute(batch: Batch, partOf: Uint16Array, next: Uint32Array): void {
    const { ids, targets, available, oov, length } = batch;
    const { ids: toIds, available: toAvailable, oov: toOov, indices, width } = this;
    for (let t = 0; t < length; t++) {
      const target = targets[t];
      const place = next[partOf[ids[target - 1]]]++;
      indices[place] = t;
      toAvailable[place] = available[t];
      toOov[place] = oov[t];
      for (let from = target - width + 1, to = place * width; from <= target; from++, to++) toIds[to] = ids[from];
    }
  }
}

/** Writes the scores of some words of a batch to their places in the scores of the batch. */
export function putScores(words: Uint32Array, found: BatchScores, { log10Probs, matched }: BatchScores): void {
  const { log10Probs: ownProbs, matched: ownMatched } = found;
  for (let i = 0; i < words.length; i++) {
    const t = words[i];
    log10Probs[t] = ownProbs[i];
    matched[t] = ownMatched[i];
  }
}

/**
 * The words of the first batch of a thread. V8 compiles a loop for the cases that it has seen: a large first batch would be compiled, and
 * compiled again for each further case, while it runs.
 */
const WARMING_WORDS = 256;

/**
 * Scores a large batch in parts: the working memory of a part stays in the processor's cache, and the loops are called so often that V8
 * compiles them while the first parts are scored.
 */
export class DividingScorer implements BatchScorer {
  private scores = emptyScores(0);
  private isCold = true;

  /** @param partWords about the most words of a part; if 0, batches are not divided. */
  constructor(
    private readonly scorer: BatchScorer,
    private readonly order: number,
    private readonly partWords: number,
  ) {}

  *score(batch: Batch, cache?: TextCache): Generator<Promise<void>, BatchScores, void> {
    const { scorer, order, partWords } = this;
    const { ids, targets, available, oov, length } = batch;
    if (this.isCold && length > WARMING_WORDS) {
      yield* scorer.score(new PartOfBatch(ids, targets, available, oov, WARMING_WORDS));
    }
    this.isCold = false;
    // A part that another thread divided has about `partWords` words, or somewhat more.
    if (partWords === 0 || length < 2 * partWords) return yield* scorer.score(batch, cache);
    if (length > this.scores.matched.length) this.scores = emptyScores(batch.targets.length);
    const divided = new DividedBatch(batch, order, Math.ceil(length / partWords));
    for (let part = 0; part < divided.count; part++) {
      putScores(divided.words(part), yield* scorer.score(divided.batch(part)), this.scores);
    }
    return this.scores;
  }
}

// Each loop below is a function of its own, because V8 compiles a short function sooner.

/** Fills in the targets of words that have `width` ids each. */
function fillTargets(targets: Uint32Array, width: number): void {
  for (let t = 0; t < targets.length; t++) targets[t] = width * (t + 1) - 1;
}

function longestPart(starts: Uint32Array): number {
  let longest = 0;
  for (let part = 1; part < starts.length; part++) longest = Math.max(longest, starts[part] - starts[part - 1]);
  return longest;
}

/** By word id, the number of words of the batch before which this word stands. */
function countNearest({ ids, targets, length }: Batch): Uint32Array {
  let counts = new Uint32Array(1 << 16);
  for (let t = 0; t < length; t++) {
    const nearest = ids[targets[t] - 1];
    if (nearest >= counts.length) counts = grown(counts, 2 * nearest);
    counts[nearest]++;
  }
  return counts;
}

/** Gives each nearest word to a part, in ascending order. @returns by word id, the part; and the first word of each part, then their number. */
function shareWords(
  counts: Uint32Array,
  length: number,
  count: number,
): { readonly partOf: Uint16Array; readonly starts: Uint32Array } {
  const partOf = new Uint16Array(counts.length);
  const starts = new Uint32Array(count + 1);
  const share = length / count;
  for (let word = 0, done = 0; word < counts.length; word++) {
    const words = counts[word];
    if (words === 0) continue;
    // The part in which the middle of the word's tokens would be.
    const part = Math.min(count - 1, Math.floor((done + words / 2) / share));
    partOf[word] = part;
    done += words;
    starts[part + 1] = done;
  }
  fillGaps(starts);
  return { partOf, starts };
}

/** Gives parts without words the start of the part after them. */
function fillGaps(starts: Uint32Array): void {
  for (let part = 1; part < starts.length; part++) starts[part] = Math.max(starts[part], starts[part - 1]);
}
