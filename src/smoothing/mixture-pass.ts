import type { Batch } from './batch.js';
import { COUNT, FIELDS, FOLLOWERS, ONES, PRUNED, TOTAL, TWOS, type Evidence } from './evidence.js';
import type { Mixture } from './mixture.js';
import {
  CHILD_PARAMETERS,
  discountIndex,
  isZero,
  OWN_PARAMETERS,
  OWN_TOTAL_OFFSET,
  RATIO_OFFSET,
  ratioBucket,
  TOTAL_BUCKETS,
  totalBucket,
  WORD_OFFSET,
  wordBucket,
} from './parameters.js';

/** Words that are evaluated together: their values and buckets stay in the processor's cache. */
export const PASS_WORDS = 64;

/**
 * Evaluates a mixture for several words of a batch at once, pattern by pattern: as {@link Mixture.probability} does word by word, to the
 * last bit, in short loops over arrays.
 */
export class MixturePass {
  /** P_S of the word number i of the pass, for pattern s, at s · PASS_WORDS + i. The number has no meaning where the pattern reaches beyond the history. */
  readonly values: Float64Array;
  /** At the same places, the bucket of Σc. */
  readonly buckets: Uint8Array;
  private readonly ratios: Uint8Array;
  /** By word, the sum of the λ of the children, which are then divided by it, and Σ λ · P_S∖d. */
  private readonly sums = new Float64Array(PASS_WORDS);
  private readonly lowers = new Float64Array(PASS_WORDS);
  /** By distance d and word, the bucket of the word at distance d before it, at d · PASS_WORDS + i. */
  private readonly wordBuckets: Uint8Array;

  constructor(private readonly mixture: Mixture) {
    const { tables, spans } = mixture.lattice;
    this.values = new Float64Array(tables.length * PASS_WORDS);
    this.buckets = new Uint8Array(tables.length * PASS_WORDS);
    this.ratios = new Uint8Array(tables.length * PASS_WORDS);
    this.wordBuckets = new Uint8Array((Math.max(...spans) + 1) * PASS_WORDS);
  }

  /** Evaluates the words `from` … `to` − 1 of a batch, at most PASS_WORDS. */
  run(evidence: Evidence, batch: Batch, from: number, to: number): void {
    const { lattice, factors } = this.mixture;
    const length = to - from;
    if (factors) this.findWordBuckets(batch, from, to);
    for (let s = 0; s < lattice.tables.length; s++) {
      this.findBuckets(s, evidence, from, length);
      this.meetChildren(s, length, factors);
      this.interpolate(s, evidence, from, length);
    }
  }

  /** The probability of the word number `i` of the pass. @param available its number of words of history. */
  probability(i: number, available: number): number {
    return this.values[this.mixture.lattice.top[available] * PASS_WORDS + i];
  }

  private findBuckets(s: number, evidence: Evidence, from: number, length: number): void {
    const { buckets, ratios, mixture } = this;
    const { data } = evidence;
    const own = s * PASS_WORDS;
    for (let i = 0, at = evidence.at(from, mixture.tables[s]); i < length; i++, at += FIELDS) {
      const total = data[at + TOTAL];
      buckets[own + i] = totalBucket(total);
      ratios[own + i] = ratioBucket(data[at + FOLLOWERS], total);
    }
  }

  private findWordBuckets({ ids, targets }: Batch, from: number, to: number): void {
    const { wordBuckets } = this;
    for (let at = 0, distance = 0; at < wordBuckets.length; at += PASS_WORDS, distance++) {
      // A word without such a history is scored without the patterns that reach so far.
      for (let t = from; t < to; t++) {
        const position = targets[t] - distance;
        wordBuckets[at + t - from] = position < 0 ? 0 : wordBucket(ids[position]);
      }
    }
  }

  /** Puts Σ_d λ_d · P_S∖d of pattern s into `lowers`; of the empty pattern 1/V. */
  private meetChildren(s: number, length: number, factors: Float64Array | undefined): void {
    const { lowers, values, sums } = this;
    const { children, vocabulary } = this.mixture.lattice;
    const below = children[s];
    if (below.length === 0) {
      lowers.fill(1 / vocabulary, 0, length);
      return;
    }
    if (below.length === 1) {
      const child = below[0] * PASS_WORDS;
      for (let i = 0; i < length; i++) lowers[i] = values[child + i];
      return;
    }
    lowers.fill(0, 0, length);
    if (!factors) {
      for (const child of below) {
        for (let i = 0, at = child * PASS_WORDS; i < length; i++, at++) lowers[i] += values[at];
      }
      for (let i = 0; i < length; i++) lowers[i] /= below.length;
      return;
    }
    sums.fill(0, 0, length);
    for (let c = 0; c < below.length; c++) this.addChild(s, c, length, factors);
    for (let i = 0; i < length; i++) lowers[i] /= sums[i];
  }

  /** Adds child c of pattern s to `sums` and `lowers`. */
  private addChild(s: number, c: number, length: number, factors: Float64Array): void {
    const { sums, lowers, values, buckets, ratios, wordBuckets, mixture } = this;
    const { children, dropped } = mixture.lattice;
    const ofChild = mixture.firstParameter[s] + OWN_PARAMETERS + c * CHILD_PARAMETERS;
    const ofTotal = ofChild + OWN_TOTAL_OFFSET;
    const ofRatio = ofChild + RATIO_OFFSET;
    const ofWord = ofChild + WORD_OFFSET;
    const child = children[s][c] * PASS_WORDS;
    const own = s * PASS_WORDS;
    const word = dropped[s][c] * PASS_WORDS;
    for (let i = 0; i < length; i++) {
      const weight =
        factors[ofChild + buckets[child + i]] *
        factors[ofTotal + buckets[own + i]] *
        factors[ofRatio + ratios[child + i]] *
        factors[ofWord + wordBuckets[word + i]];
      sums[i] += weight;
      lowers[i] += weight * values[child + i];
    }
  }

  /** P_S from the counts of pattern s and `lowers`. */
  private interpolate(s: number, evidence: Evidence, from: number, length: number): void {
    const { values, lowers, buckets } = this;
    const { discounts, tables: places } = this.mixture;
    const { data } = evidence;
    const own = s * PASS_WORDS;
    for (let i = 0, at = evidence.at(from, places[s]); i < length; i++, at += FIELDS) {
      const total = data[at + TOTAL];
      // The numbers of a context that was not seen are 0: it gives (0 + 1 · lower) / 1, without a branch that the processor guesses wrong.
      const unseen = isZero(total);
      const d = (s * TOTAL_BUCKETS + buckets[own + i]) * 4;
      const count = data[at + COUNT];
      const ones = data[at + ONES];
      const twos = data[at + TWOS];
      const kept = count - discounts[d + discountIndex(count)];
      const taken =
        discounts[d + 1] * ones +
        discounts[d + 2] * twos +
        discounts[d + 3] * (data[at + FOLLOWERS] - ones - twos) +
        data[at + PRUNED];
      values[own + i] = (kept + (taken + unseen) * lowers[i]) / (total + unseen);
    }
  }
}
