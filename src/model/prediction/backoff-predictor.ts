import { TOTAL } from '../../smoothing/evidence.js';
import type { Followers } from '../../smoothing/followers.js';
import type { BatchLayout, Batch } from '../../smoothing/batch.js';
import { wordIds } from '../../tables/manifest.js';
import { NONE } from '../../text/tokens.js';
import type { SmoothingPlan } from '../scoring/parts.js';
import type { Scorer } from '../scoring/scorer.js';
import { BackoffNextWords, type BackoffLevel, type BackoffUnigrams } from './backoff-next-words.js';
import { predictedIds } from './predicted.js';
import { followersOf, layOutHistory, nextWordLayout, type Predictor } from './predictor.js';
import type { NextWords } from './next-words.js';

/** Makes the next words of histories from the tables of a back-off model. */
export class BackoffPredictor implements Predictor {
  private readonly layout: BatchLayout;
  private unigrams: BackoffUnigrams | undefined;

  constructor(
    private readonly scorer: Scorer,
    private readonly plan: SmoothingPlan,
  ) {
    this.layout = nextWordLayout(plan.order);
  }

  *after(history: Uint32Array, withStart: boolean): Generator<Promise<void>, NextWords, void> {
    const { scorer, plan } = this;
    const batch = layOutHistory(this.layout, history, withStart, plan.order);
    const { words: evidence } = yield* scorer.evidenceOf(batch);
    const levels: BackoffLevel[] = [];
    let backoffs = 0;
    for (let length = batch.available[0]; length > 0; length--) {
      const context = evidence.data[evidence.at(0, length) + TOTAL];
      if (context === 0) continue;
      const { words, log10Probs } = readFollowers(yield* followersOf(scorer.words.tables[length], batch));
      levels.push({ pattern: plan.words[length].pattern, backoffs, words, log10Probs });
      backoffs += evidence.numbers[context - 1];
    }
    this.unigrams ??= yield* this.readUnigrams(batch);
    return new BackoffNextWords(levels, this.unigrams, backoffs);
  }

  private *readUnigrams(batch: Batch): Generator<Promise<void>, BackoffUnigrams, void> {
    const { words, log10Probs } = readFollowers(yield* followersOf(this.scorer.words.tables[0], batch));
    const byWord = new Float64Array(wordIds(this.plan.manifest)).fill(-Infinity);
    words.forEach((word, i) => (byWord[word] = log10Probs[i]));
    const all = predictedIds(byWord.length);
    const byProbability = all.slice().sort((a, b) => byWord[b] - byWord[a] || a - b);
    return { log10Probs: byWord, words: all, byProbability };
  }
}

/** The ids of the followers of a context, and log10 p of each. A context without followers has one row in a table, with the word `NONE`. */
function readFollowers(followers: Followers): Pick<BackoffLevel, 'words' | 'log10Probs'> {
  const words = new Uint32Array(followers.length);
  const log10Probs = new Float64Array(followers.length);
  followers.copyLog10Probs?.(words, log10Probs);
  const isBare = words.length === 1 && words[0] === NONE;
  return isBare ? { words: words.subarray(0, 0), log10Probs: log10Probs.subarray(0, 0) } : { words, log10Probs };
}
