import { BlockDamage } from '../../base/sealed.js';
import { list, requireFinite } from '../../base/shape.js';
import { NONE, UNK } from '../../text/tokens.js';
import { RecentNgrams } from './recent-ngrams.js';
import { bucketOf, type NextWord, type RunningText } from './running-text.js';

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
/** Below this share of the weight of a new word, an n-gram is forgotten: as good as never. */
const FADED = 1e-250;
/** Number of weights of a cache. */
export const CELL_WEIGHTS = CELLS * PARTS;

/** How fast a cache forgets, and its weights beside the model, as kneser 0.1 learned them. */
export interface CellWeights {
  /** Number of words after which the weight of a word in the unigram cache has faded to 1/e. */
  readonly unigramMemory: number;
  /** Number of words after which the weight of a bigram in the bigram cache has faded to 1/e. */
  readonly bigramMemory: number;
  /** By cell: the weights of the model, of the unigram cache and of the bigram cache (`CELLS` × 3 numbers). */
  readonly weights: Float64Array;
}

/**
 * A running text, as models that kneser 0.1 tuned mix it in: a unigram and a bigram cache that fade exponentially (Kuhn & De Mori 1990;
 * Jelinek et al. 1991), whose weights depend on how full the cache is.
 */
export class CellText implements RunningText {
  private readonly unigrams: RecentNgrams;
  private readonly bigrams: RecentNgrams;

  constructor(private readonly weights: CellWeights) {
    this.unigrams = new RecentNgrams([weights.unigramMemory], FADED);
    this.bigrams = new RecentNgrams([weights.bigramMemory], FADED);
  }

  /** @inheritDoc */
  mix({ word, first, unknown, probability }: NextWord): number {
    const { unigrams, bigrams } = this;
    const { weights } = this.weights;
    unigrams.look(NONE, NONE, word);
    bigrams.look(NONE, first, word);
    const size = unigrams.total;
    let mixed = probability;
    if (size > 0) {
      const at = cellOf(bigrams.total, size) * PARTS;
      mixed = weights[at] * probability;
      if (!unknown) mixed = mixed + weights[at + 1] * unigrams.shares[0] + weights[at + 2] * bigrams.shares[0];
    }
    if (!unknown) this.add(word, first);
    return mixed;
  }

  clear(): void {
    this.unigrams.clear();
    this.bigrams.clear();
  }

  private add(word: number, first: number): void {
    const { unigrams, bigrams } = this;
    unigrams.step();
    bigrams.step();
    unigrams.add(NONE, NONE, word, 1);
    if (first !== NONE && first !== UNK) bigrams.add(NONE, first, word, 1);
  }
}

/** The cell of weights. @param strength the weight of the bigrams that begin with the word before. @param size the weight of the words. */
function cellOf(strength: number, size: number): number {
  const row = strength === 0 ? 0 : Math.min(1 + bucketOf(STRENGTHS, strength), STRENGTHS.length);
  return row * (SIZES.length + 1) + bucketOf(SIZES, size);
}

/** Checks decoded weights of a cache: the three weights of each cell must sum to 1. @throws BlockDamage */
export function checkCellWeights({ unigramMemory, bigramMemory, weights }: Record<string, unknown>): CellWeights {
  const shares = Float64Array.from(
    list(weights, 'weights of the cache', (item, name) => requireFinite(item, name, 0, 1)),
  );
  const sumToOne = Array.from({ length: CELLS }, (_, cell) => shares.subarray(cell * PARTS, (cell + 1) * PARTS)).every(
    parts => Math.abs(parts.reduce((sum, part) => sum + part, 0) - 1) < 1e-6,
  );
  if (shares.length !== CELL_WEIGHTS || !sumToOne) throw new BlockDamage('weights of the cache do not sum to 1');
  return {
    unigramMemory: requireFinite(unigramMemory, 'memory', 1),
    bigramMemory: requireFinite(bigramMemory, 'memory', 1),
    weights: shares,
  };
}

/** Weights with which the model gets the whole share, and the cache none. */
export const NO_CACHE: CellWeights = {
  unigramMemory: 1000,
  bigramMemory: 1000,
  weights: Float64Array.from({ length: CELL_WEIGHTS }, (_, i) => (i % PARTS === 0 ? 1 : 0)),
};
