import { exp10 } from '../../base/elementary.js';
import type { Batch } from '../../smoothing/batch.js';
import { MODEL_M } from '../../smoothing/model-m.js';
import { wordIds } from '../../tables/manifest.js';
import { BOS, NONE } from '../../text/tokens.js';
import { LOADED_BATCH } from '../lookup/loaded-table.js';
import type { SmoothingPlan } from '../scoring/parts.js';
import type { Scorer } from '../scoring/scorer.js';
import type { NextWords } from './next-words.js';
import type { Explanation } from './prediction.js';
import { layOutHistory, nextWordLayout, type Predictor } from './predictor.js';
import { SpreadWords } from './spread.js';
import type { WordProbability } from './top-words.js';

const NO_WORDS = new Uint32Array(0);
/** No words: each word has a probability of its own. */
const NO_GROUPS = [new Float64Array(0), NO_WORDS, NO_WORDS] as const;

/**
 * Makes the next words of a model with Model M: scores every word after the history. Model M divides by sums over the words of a class, which
 * no search knows; its other experts are explained as in a model without it.
 */
export class DensePredictor implements Predictor {
  /** The ids of all words that can be predicted, ascending. */
  private readonly words: Uint32Array;
  private readonly order: number;
  /** One more than the largest word id. */
  private readonly ids: number;

  /** @param others the predictor of all experts but Model M. */
  constructor(
    private readonly scorer: Scorer,
    { order, manifest }: SmoothingPlan,
    private readonly others: Predictor,
  ) {
    this.order = order;
    this.ids = wordIds(manifest);
    this.words = Uint32Array.from({ length: this.ids }, (_, id) => id).filter(id => id !== NONE && id !== BOS);
  }

  *after(history: Uint32Array, withStart: boolean): Generator<Promise<void>, NextWords, void> {
    const { words, order, scorer } = this;
    const others = yield* this.others.after(history, withStart);
    const batch = repeat(layOutHistory(nextWordLayout(order), history, withStart, order), order);
    const log10Probs = new Float64Array(words.length);
    for (let from = 0; from < words.length; from += LOADED_BATCH) {
      batch.length = Math.min(LOADED_BATCH, words.length - from);
      for (let t = 0; t < batch.length; t++) batch.ids[batch.targets[t]] = words[from + t];
      const scores = yield* scorer.score(batch);
      log10Probs.set(scores.log10Probs.subarray(0, batch.length), from);
    }
    return new DenseNextWords(words, log10Probs.map(exp10), log10Probs, this.ids, others);
  }
}

/** A batch of {@link LOADED_BATCH} words after the history of the only word of a batch. */
function repeat({ ids, targets: [target], available: [available] }: Batch, order: number): Batch {
  const reach = Math.max(1, order - 1);
  const width = reach + 1;
  const all = new Uint32Array(width * LOADED_BATCH);
  for (let t = 0; t < LOADED_BATCH; t++) all.set(ids.subarray(target - reach, target), width * t);
  return {
    ids: all,
    targets: Uint32Array.from({ length: LOADED_BATCH }, (_, t) => width * t + reach),
    available: new Uint8Array(LOADED_BATCH).fill(available),
    oov: new Uint8Array(LOADED_BATCH),
    length: LOADED_BATCH,
  };
}

/** The next words of a model with Model M: all their probabilities are in memory. */
class DenseNextWords implements NextWords {
  /**
   * @param words the ids of all words that can be predicted, ascending.
   * @param probabilities by word of `words`.
   * @param log10Probs by word of `words`, as scoring gives them.
   * @param ids one more than the largest word id.
   * @param others the next words by all experts but Model M.
   */
  constructor(
    private readonly words: Uint32Array,
    private readonly probabilities: Float64Array,
    private readonly log10Probs: Float64Array,
    private readonly ids: number,
    private readonly others: NextWords,
  ) {}

  probability(word: number): number {
    const i = this.indexOf(word);
    return i < 0 ? 0 : this.probabilities[i];
  }

  top(n: number, except?: number): WordProbability[] {
    return this.sorted(-Infinity, except).slice(0, n);
  }

  atLeast(least: number, except?: number): WordProbability[] {
    return this.sorted(least, except);
  }

  sample(random: () => number): number {
    const { words, probabilities } = this;
    let remaining = random() * probabilities.reduce((sum, p) => sum + p, 0);
    for (let i = 0; i < words.length; i++) {
      remaining -= probabilities[i];
      if (remaining < 0) return words[i];
    }
    // By rounding, the parts may add up to a little less than the interval.
    return words[words.length - 1];
  }

  explain(word: number): Explanation {
    const { patterns, uniform } = this.others.explain(word);
    const rest = patterns.reduce((sum, { probability }) => sum - probability, this.probability(word) - uniform);
    // Rounding can leave a little less than nothing.
    const ofModelM = { pattern: MODEL_M, probability: Math.max(0, rest) };
    return { patterns: [...patterns, ofModelM].sort((a, b) => b.probability - a.probability), uniform };
  }

  matched(word: number): number {
    return this.others.matched(word);
  }

  spread(): SpreadWords {
    const { words, probabilities, ids } = this;
    return new SpreadWords(words, probabilities, ...NO_GROUPS, words, NO_WORDS, ids);
  }

  /** The words with a probability of at least `least`, by falling probability, equally probable words by id. */
  private sorted(least: number, except: number = NONE): WordProbability[] {
    const { words, probabilities, log10Probs } = this;
    const order = Array.from(words.keys()).filter(i => probabilities[i] >= least && words[i] !== except);
    order.sort((a, b) => probabilities[b] - probabilities[a] || a - b);
    return order.map(i => ({ word: words[i], probability: probabilities[i], log10Prob: log10Probs[i] }));
  }

  /** The index of a word; −1 for one that cannot be predicted. */
  private indexOf(word: number): number {
    if (word === NONE || word === BOS || word >= this.ids) return -1;
    return word - (word < BOS ? 1 : 2);
  }
}
