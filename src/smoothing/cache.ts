import { exp, log } from '../base/elementary.js';
import { BlockDamage } from '../base/sealed.js';
import { list, record, requireFinite } from '../base/shape.js';
import { BOS, NONE, UNK } from '../text/tokens.js';
import type { Pause } from '../base/turn.js';
import type { Batch } from './batch.js';
import { PairWeights } from './pair-weights.js';

/**
 * Upper bounds of the rows of weight cells: the decayed number of bigrams in the cache that begin with the context word. Row 0 is for a
 * context word without bigrams.
 */
const STRENGTHS = [0, 0.5, 1, 2, 4, 8];
/** Upper bounds of the columns of weight cells: the decayed number of words in the cache. */
const SIZES = [50, 200, 800];
const CELLS = (STRENGTHS.length + 1) * (SIZES.length + 1);
/** The parts of a probability, each with a weight: the model, the unigram cache, the bigram cache. */
const PARTS = 3;
/** When the weight of a new word exceeds this, all weights are divided by the weight of the new word. */
const LARGE = 1e200;

/** How fast a cache forgets, and its weights beside the model: learned from running text. */
export interface CacheWeights {
  /** Number of words after which the weight of a word in the unigram cache has faded to 1/e. */
  readonly unigramMemory: number;
  /** Number of words after which the weight of a bigram in the bigram cache has faded to 1/e. */
  readonly bigramMemory: number;
  /** By cell: the weights of the model, of the unigram cache and of the bigram cache (`CELLS` × 3 numbers). */
  readonly weights: Float64Array;
}

/**
 * The words of a running text so far, fading exponentially: a unigram and a bigram cache (Kuhn & De Mori 1990; Jelinek et
 * al. 1991). The cache does not hold words outside the vocabulary. Instead of lowering the weights of the words that it holds, it gives
 * each new word a higher weight. `createCache` of a model makes a cache; passed to several calls, the cache remembers the text of all.
 */
export class TextCache {
  /** @internal For the word that was looked up last: its probability in the unigram cache. */
  unigram = 0;
  /** @internal For the word that was looked up last: its probability in the bigram cache, given the word before. */
  bigram = 0;
  /** @internal For the word that was looked up last: the index of its weight cell. */
  cell = 0;
  /** By word id: the sum of the weights of its occurrences. */
  private readonly unigrams: Float64Array;
  /** The sum of `unigrams`. */
  private unigramTotal = 0;
  /** The weight of the word that was added last, in the unigram cache. */
  private unigramUnit = 1;
  private readonly bigrams = new PairWeights();
  /** By word id: the sum of the weights of the bigrams that begin with the word. */
  private readonly bigramTotals: Float64Array;
  /** The weight of the word that was added last, in the bigram cache. */
  private bigramUnit = 1;
  /** The factor by which each new word weighs more than the word before. */
  private readonly unigramGrowth: number;
  private readonly bigramGrowth: number;

  /**
   * @internal Use `createCache` of a model.
   * @param types one more than the largest id.
   */
  constructor(
    types: number,
    private readonly weights: CacheWeights,
  ) {
    this.unigrams = new Float64Array(types);
    this.bigramTotals = new Float64Array(types);
    this.unigramGrowth = exp(1 / weights.unigramMemory);
    this.bigramGrowth = exp(1 / weights.bigramMemory);
  }

  /** @internal Mixes the probability that the model gives to word `t` of the batch with the cache, then adds the word to the cache. */
  mix(probability: number, batch: Batch, t: number): number {
    const position = batch.targets[t];
    const word = batch.ids[position];
    const before = batch.available[t] > 0 ? batch.ids[position - 1] : NONE;
    const unknown = batch.oov[t] === 1;
    const mixed = this.look(word, before, unknown) ? this.combine(probability) : probability;
    if (!unknown) this.add(word, before);
    return mixed;
  }

  /** @internal Sets `unigram`, `bigram` and `cell` for a word after the word `before`. @returns false if the cache holds no word yet. */
  look(word: number, before: number, unknown: boolean): boolean {
    if (this.unigramTotal === 0) return false;
    const total = before === NONE ? 0 : this.bigramTotals[before];
    this.unigram = unknown ? 0 : this.unigrams[word] / this.unigramTotal;
    this.bigram = unknown || total === 0 ? 0 : this.bigrams.get(before, word) / total;
    const strength = total === 0 ? 0 : 1 + bucket(STRENGTHS, total / this.bigramUnit);
    this.cell =
      Math.min(strength, STRENGTHS.length) * (SIZES.length + 1) + bucket(SIZES, this.unigramTotal / this.unigramUnit);
    return true;
  }

  /** @internal Adds a word, and the bigram (`before`, word). */
  add(word: number, before: number): void {
    this.unigramUnit *= this.unigramGrowth;
    this.bigramUnit *= this.bigramGrowth;
    this.unigrams[word] += this.unigramUnit;
    this.unigramTotal += this.unigramUnit;
    if (before !== NONE && before !== UNK && word !== BOS) {
      this.bigrams.add(before, word, this.bigramUnit);
      this.bigramTotals[before] += this.bigramUnit;
    }
    if (this.unigramUnit > LARGE) {
      scale(this.unigrams, 1 / this.unigramUnit);
      this.unigramTotal /= this.unigramUnit;
      this.unigramUnit = 1;
    }
    if (this.bigramUnit > LARGE) {
      this.bigrams.scale(1 / this.bigramUnit);
      scale(this.bigramTotals, 1 / this.bigramUnit);
      this.bigramUnit = 1;
    }
  }

  /** Forgets the text, for instance at the beginning of a new document. */
  reset(): void {
    this.unigrams.fill(0);
    this.bigrams.clear();
    this.bigramTotals.fill(0);
    this.unigramTotal = 0;
    this.unigramUnit = this.bigramUnit = 1;
  }

  /** The mixture of the model's probability with `unigram` and `bigram`, by the weights of `cell`. */
  private combine(probability: number): number {
    const { weights } = this.weights;
    const at = this.cell * PARTS;
    return weights[at] * probability + weights[at + 1] * this.unigram + weights[at + 2] * this.bigram;
  }
}

/** The number of limits that a value exceeds; limits ascend. */
function bucket(limits: readonly number[], value: number): number {
  let i = 0;
  while (i < limits.length && value > limits[i]) i++;
  return i;
}

function scale(weights: Float64Array, factor: number): void {
  for (let i = 0; i < weights.length; i++) weights[i] *= factor;
}

/** Checks decoded weights of a cache: the three weights of each cell must sum to 1. @throws BlockDamage */
export function checkCacheWeights(value: unknown): CacheWeights {
  const { unigramMemory, bigramMemory, weights } = record(value, 'cache');
  const shares = Float64Array.from(
    list(weights, 'weights of the cache', (item, name) => requireFinite(item, name, 0, 1)),
  );
  const sumToOne = Array.from({ length: CELLS }, (_, cell) => shares.subarray(cell * PARTS, (cell + 1) * PARTS)).every(
    parts => Math.abs(parts.reduce((sum, part) => sum + part, 0) - 1) < 1e-6,
  );
  if (shares.length !== CELLS * PARTS || !sumToOne) throw new BlockDamage('weights of the cache do not sum to 1');
  return {
    unigramMemory: requireFinite(unigramMemory, 'memory', 1),
    bigramMemory: requireFinite(bigramMemory, 'memory', 1),
    weights: shares,
  };
}

/** Weights with which the model gets the whole share, and the cache none. */
export const NO_CACHE: CacheWeights = {
  unigramMemory: 1000,
  bigramMemory: 1000,
  weights: Float64Array.from({ length: CELLS * PARTS }, (_, i) => (i % PARTS === 0 ? 1 : 0)),
};

/** The grid of memories [words] among which learning chooses. */
const UNIGRAM_MEMORIES = [300, 600, 1200, 2400];
const BIGRAM_MEMORIES = [1000, 4000, 16000];
/** Rounds of expectation-maximization. */
const ROUNDS = 20;
/** Pseudo-counts [words] of the three parts in each cell: the model, the unigram cache, the bigram cache. */
const PSEUDO_COUNTS = [18, 1, 1];

/**
 * Learns the weights of a cache by expectation-maximization, once for each pair of memories of a small grid, and chooses the pair with
 * the highest likelihood.
 *
 * @param batch the words of a running text.
 * @param probabilities by word of the batch: p by the model.
 * @param types all word ids are below it.
 * @param pause awaited after each pair of memories.
 */
export async function learnCache(
  batch: Batch,
  probabilities: Float64Array,
  types: number,
  pause: Pause,
): Promise<CacheWeights> {
  let best: { weights: CacheWeights; likelihood: number } | undefined;
  for (const unigramMemory of UNIGRAM_MEMORIES) {
    for (const bigramMemory of BIGRAM_MEMORIES) {
      const learned = learnWeights(batch, probabilities, types, unigramMemory, bigramMemory);
      await pause();
      if (!best || learned.likelihood > best.likelihood) best = learned;
    }
  }
  if (!best) throw new Error('no memories to choose from');
  return best.weights;
}

function learnWeights(
  batch: Batch,
  probabilities: Float64Array,
  types: number,
  unigramMemory: number,
  bigramMemory: number,
): { weights: CacheWeights; likelihood: number } {
  const { ids, targets, available, oov, length } = batch;
  // By word: its probability by the model, the unigram cache and the bigram cache; its cell, or −1 while the cache holds no word.
  const parts = new Float64Array(length * PARTS);
  const cells = new Int16Array(length).fill(-1);
  const weights = { unigramMemory, bigramMemory, weights: startingWeights() };
  const cache = new TextCache(types, weights);
  for (let t = 0; t < length; t++) {
    const word = ids[targets[t]];
    const before = available[t] > 0 ? ids[targets[t] - 1] : NONE;
    const unknown = oov[t] === 1;
    if (cache.look(word, before, unknown)) {
      cells[t] = cache.cell;
      parts.set([probabilities[t], cache.unigram, cache.bigram], t * PARTS);
    }
    if (!unknown) cache.add(word, before);
  }
  let likelihood = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const expected = new Float64Array(CELLS * PARTS);
    for (let cell = 0; cell < CELLS; cell++) {
      for (let part = 0; part < PARTS; part++) {
        // In cells without bigrams the bigram cache has no distribution, and must get no weight.
        expected[cell * PARTS + part] = isWithoutBigrams(cell) && part === 2 ? 0 : PSEUDO_COUNTS[part];
      }
    }
    likelihood = 0;
    for (let t = 0; t < length; t++) {
      if (cells[t] < 0) continue;
      const at = cells[t] * PARTS;
      let sum = 0;
      for (let part = 0; part < PARTS; part++) sum += weights.weights[at + part] * parts[t * PARTS + part];
      likelihood += log(sum);
      for (let part = 0; part < PARTS; part++) {
        expected[at + part] += (weights.weights[at + part] * parts[t * PARTS + part]) / sum;
      }
    }
    for (let at = 0; at < expected.length; at += PARTS) {
      const sum = expected[at] + expected[at + 1] + expected[at + 2];
      for (let part = 0; part < PARTS; part++) weights.weights[at + part] = expected[at + part] / sum;
    }
  }
  return { weights, likelihood };
}

/** Whether no bigram of the cache begins with the context word in this cell. */
function isWithoutBigrams(cell: number): boolean {
  return cell < SIZES.length + 1;
}

function startingWeights(): Float64Array {
  return Float64Array.from({ length: CELLS * PARTS }, (_, i) => {
    const share = [0.85, 0.08, 0.07][i % PARTS];
    if (!isWithoutBigrams(Math.floor(i / PARTS))) return share;
    return i % PARTS === 2 ? 0 : share / 0.93;
  });
}
