import type { Batch } from '../../smoothing/batch.js';
import { TOTAL } from '../../smoothing/evidence.js';
import type { Followers } from '../../smoothing/followers.js';
import { MODEL_M } from '../../smoothing/model-m.js';
import { wordIds } from '../../tables/manifest.js';
import { BOS, NONE } from '../../text/tokens.js';
import type { ModelMTables } from '../scoring/model-m-tables.js';
import type { SmoothingPlan } from '../scoring/parts.js';
import type { Scorer } from '../scoring/scorer.js';
import { Heap } from './heap.js';
import type { MixtureNextWords, NextWords } from './next-words.js';
import type { Explanation } from './prediction.js';
import { isPredicted, predictedIds } from './predicted.js';
import { followersOf, layOutHistory, nextWordLayout, type Predictor } from './predictor.js';
import { sortDescending } from './sort-descending.js';
import { SpreadWords } from './spread.js';
import type { WordProbability } from './top-words.js';

const NO_WORDS = new Uint32Array(0);
/** No words: each word has a probability of its own. */
const NO_GROUPS = [new Float64Array(0), NO_WORDS, NO_WORDS] as const;
/** How many of the most probable words are scored, so that their log10 p has the bits of scoring. Their probabilities stay, so that ties do. */
const SCORED = 64;

/**
 * Makes the next words of a model with Model M. Model M divides by sums over the words of a class, which no search knows, so that all
 * words get their probabilities: those of the other experts, and by Model M class by class, from the followers of the contexts of each class.
 */
export class DensePredictor implements Predictor {
  /** The ids of all words that can be predicted, ascending. */
  private readonly words: Uint32Array;
  /** By class that has words: their ids. */
  private readonly classes: readonly Uint32Array[];
  private readonly order: number;
  /** One more than the largest word id. */
  private readonly ids: number;
  /** Working memory: a 0 for each word id. */
  private readonly counts: Uint32Array;

  /** @param others the predictor of all experts but Model M. */
  constructor(
    private readonly scorer: Scorer,
    private readonly modelM: ModelMTables,
    { order, manifest }: SmoothingPlan,
    private readonly others: Predictor<MixtureNextWords>,
  ) {
    this.order = order;
    this.ids = wordIds(manifest);
    this.counts = new Uint32Array(this.ids);
    this.words = predictedIds(this.ids);
    const { of, count } = modelM.model.classes;
    const classes = Array.from({ length: count }, (): number[] => []);
    for (const word of this.words) classes[of[word]].push(word);
    this.classes = classes.filter(({ length }) => length > 0).map(words => Uint32Array.from(words));
  }

  *after(history: Uint32Array, withStart: boolean): Generator<Promise<void>, NextWords, void> {
    const { scorer, words, order, ids } = this;
    const others = yield* this.others.after(history, withStart);
    const all = others.spread().dense();
    const batch = layOutHistory(nextWordLayout(order), history, withStart, order);
    yield* this.addModelM(batch, others.shareOfModelM, all);
    // The probabilities of `words`.
    all.copyWithin(BOS, BOS + 1);
    const probabilities = all.slice(NONE + 1, ids - 1);
    const best = mostProbable(probabilities, SCORED);
    const scores = yield* scorer.score(
      repeat(
        batch,
        order,
        best.map(i => words[i]),
      ),
    );
    const log10Probs = new Map(Array.from(best, (i, t) => [i, scores.log10Probs[t]]));
    return new DenseNextWords(words, probabilities, log10Probs, ids, others);
  }

  /** Adds the part of Model M to the probability of each word after the history of the only word of a batch. */
  private *addModelM(batch: Batch, share: number, probabilities: Float64Array): Generator<Promise<void>, void, void> {
    const { scorer, modelM, classes, counts } = this;
    const { model, wordTables } = modelM;
    const available = batch.available[0];
    for (const words of classes) {
      batch.ids[batch.targets[0]] = words[0];
      const { evidence, classProbability } = yield* scorer.stepsOf(batch, modelM);
      const followers: (Followers | undefined)[] = [];
      for (const [length, table] of wordTables.entries()) {
        const isSeen = length > 0 && evidence.words.data[evidence.words.at(0, length) + TOTAL] > 0;
        followers.push(isSeen ? yield* followersOf(table, batch) : undefined);
      }
      const values = model.spread(evidence, available, classProbability, words, followers, counts);
      addShare(share, words, values, probabilities);
    }
  }
}

/** Adds a share of the values of words to their probabilities. Loops are functions of their own, because V8 does not optimize a short-lived generator's. */
function addShare(share: number, words: Uint32Array, values: Float64Array, probabilities: Float64Array): void {
  for (let i = 0; i < words.length; i++) probabilities[words[i]] += share * values[i];
}

/** The indices of the highest probabilities, ascending; of equal ones, those with the lowest indices. @param except an index to leave out. */
function mostProbable(probabilities: Float64Array, most: number, except = -1): Uint32Array {
  const heap = new Heap(Math.min(most, probabilities.length));
  for (let i = 0; i < probabilities.length; i++) {
    if ((!heap.full || probabilities[i] > heap.value) && i !== except) heap.offer(i, probabilities[i]);
  }
  return heap.items.slice(0, heap.size).sort();
}

/** A batch of words after the history of the only word of a batch. */
function repeat({ ids, targets: [target], available: [available] }: Batch, order: number, words: Uint32Array): Batch {
  const reach = Math.max(1, order - 1);
  const width = reach + 1;
  const all = new Uint32Array(width * words.length);
  for (let t = 0; t < words.length; t++) {
    all.set(ids.subarray(target - reach, target), width * t);
    all[width * t + reach] = words[t];
  }
  return {
    ids: all,
    targets: Uint32Array.from(words, (_, t) => width * t + reach),
    available: new Uint8Array(words.length).fill(available),
    oov: new Uint8Array(words.length),
    length: words.length,
  };
}

/** The next words of a model with Model M: all their probabilities are in memory. */
class DenseNextWords implements NextWords {
  /**
   * @param words the ids of all words that can be predicted, ascending.
   * @param probabilities by word of `words`.
   * @param log10Probs of the most probable words, as scoring gives them, by index in `words`.
   * @param ids one more than the largest word id.
   * @param others the next words by all experts but Model M.
   */
  constructor(
    private readonly words: Uint32Array,
    private readonly probabilities: Float64Array,
    private readonly log10Probs: ReadonlyMap<number, number>,
    private readonly ids: number,
    private readonly others: NextWords,
  ) {}

  possible(except: number): number {
    return this.words.length - (isPredicted(except) ? 1 : 0);
  }

  probability(word: number): number {
    const i = this.indexOf(word);
    return i < 0 ? 0 : this.probabilities[i];
  }

  top(n: number, except: number = NONE): WordProbability[] {
    return n === 0 ? [] : this.sorted(mostProbable(this.probabilities, n, this.indexOf(except)));
  }

  atLeast(least: number, except: number = NONE): WordProbability[] {
    const { words, probabilities } = this;
    const found: number[] = [];
    for (let i = 0; i < words.length; i++) if (probabilities[i] >= least && words[i] !== except) found.push(i);
    return this.sorted(Uint32Array.from(found));
  }

  sample(random: () => number): number {
    return this.spread().at(random(), NONE);
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

  /** Words by falling probability, equally probable words by id. @param indices of them in `words`, ascending. */
  private sorted(indices: Uint32Array): WordProbability[] {
    const { words, probabilities, log10Probs } = this;
    return Array.from(sortDescending(probabilities, indices), i => {
      const log10Prob = log10Probs.get(i);
      return { word: words[i], probability: probabilities[i], ...(log10Prob === undefined ? {} : { log10Prob }) };
    });
  }

  /** The index of a word; −1 for one that cannot be predicted. */
  private indexOf(word: number): number {
    if (!isPredicted(word) || word >= this.ids) return -1;
    return word - (word < BOS ? 1 : 2);
  }
}
