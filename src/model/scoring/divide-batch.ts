import { grown } from '../../base/grown.js';
import type { Batch } from '../../smoothing/batch.js';
import type { TextCache } from '../../smoothing/cache/text-cache.js';
import { emptyScores, type BatchScorer, type BatchScores } from './scorer.js';

/**
 * Divides the words of a batch into at most `count` parts of about the same length, by the nearest word of their history: tables have
 * their contexts in the order of that word first, so that each part needs other blocks of a table of contiguous n-grams.
 *
 * @returns by part, its words as indices in the batch, ascending.
 */
export function divideBatch(batch: Batch, count: number): Uint32Array[] {
  const counts = countNearest(batch);
  const { partOf, starts } = shareWords(counts, batch.length, count);
  const words = new Uint32Array(batch.length);
  distribute(batch, partOf, starts.slice(), words);
  return Array.from({ length: count }, (_, part) => words.subarray(starts[part], starts[part + 1])).filter(
    ({ length }) => length > 0,
  );
}

/** A batch in memory of its own. */
export interface OwnBatch extends Batch {
  readonly ids: Uint32Array<ArrayBuffer>;
  readonly targets: Uint32Array<ArrayBuffer>;
  readonly available: Uint8Array<ArrayBuffer>;
  readonly oov: Uint8Array<ArrayBuffer>;
}

/**
 * Some words of a batch as a batch, each with a history of its own.
 *
 * @param words their indices in the batch.
 * @param order of scoring: the longest history has `order` − 1 words.
 */
export function someWords(batch: Batch, words: Uint32Array, order: number): OwnBatch {
  const { length } = words;
  const width = 1 + Math.max(1, order - 1);
  const some = {
    ids: new Uint32Array(width * length),
    targets: new Uint32Array(length),
    available: new Uint8Array(length),
    oov: new Uint8Array(length),
    length,
  };
  copyWords(batch, words, width, some);
  return some;
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
    const { length } = batch;
    if (this.isCold && length > WARMING_WORDS) yield* scorer.score({ ...batch, length: WARMING_WORDS });
    this.isCold = false;
    if (partWords === 0 || length <= partWords) return yield* scorer.score(batch, cache);
    if (length > this.scores.matched.length) this.scores = emptyScores(batch.targets.length);
    for (const words of divideBatch(batch, Math.ceil(length / partWords))) {
      putScores(words, yield* scorer.score(someWords(batch, words, order)), this.scores);
    }
    return this.scores;
  }
}

// Each loop below is a function of its own, because V8 compiles a short function sooner.

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
  for (let part = 1; part <= count; part++) starts[part] = Math.max(starts[part], starts[part - 1]);
  return { partOf, starts };
}

/** Writes each word of a batch to the next place of its part in `words`. @param next by part, that place. */
function distribute({ ids, targets, length }: Batch, partOf: Uint16Array, next: Uint32Array, words: Uint32Array): void {
  for (let t = 0; t < length; t++) words[next[partOf[ids[targets[t] - 1]]]++] = t;
}

/** Copies words of a batch, and the `width` − 1 words before each. */
function copyWords({ ids, targets, available, oov }: Batch, words: Uint32Array, width: number, to: Batch): void {
  const { ids: toIds, targets: toTargets, available: toAvailable, oov: toOov } = to;
  for (let i = 0, end = 0; i < words.length; i++) {
    const t = words[i];
    toAvailable[i] = available[t];
    toOov[i] = oov[t];
    for (let from = targets[t] - width + 1; from <= targets[t]; from++) toIds[end++] = ids[from];
    toTargets[i] = end - 1;
  }
}
