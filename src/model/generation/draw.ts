import type { NextWords } from '../prediction/next-words.js';
import { noWord } from '../prediction/no-word.js';
import type { RunLimit, Runs } from '../prediction/spread.js';
import type { WordProbability } from '../prediction/top-words.js';
import { NONE, UNK } from '../../text/tokens.js';
import type { Mirostat } from './mirostat.js';
import { massOf, temper, truncate, type TruncationOptions } from './truncation.js';

/** If top-k is at most this, only the k most probable words are computed, not the whole distribution. */
const FEW = 1000;
/** If this many draws all gave `<unk>`, the distribution without `<unk>` is computed. */
const MOST_DRAWS = 100;
/** Words above a threshold are found without the whole distribution if the threshold is at least this, so that they are few. */
const LEAST_THRESHOLD = 2 ** -14;

/** A word that was drawn. */
export interface DrawnWord {
  /** The id of the word. */
  readonly word: number;
  /** p of the word in the model: before truncation and temperature. */
  readonly probability: number;
  /** From how many types it was drawn. */
  readonly kept: number;
}

/** Draws words from distributions. */
export class Drawing {
  /** The id of the word that is never drawn: `UNK`, or `NONE` if `<unk>` may be drawn. */
  private readonly except: number;
  /** Whether no option changes the probabilities. */
  private readonly isPlain: boolean;

  constructor(
    private readonly options: TruncationOptions,
    private readonly mirostat?: Mirostat,
  ) {
    const { temperature = 1, topK, topP, minP, typical, epsilon, eta } = options;
    this.except = options.unknown ? NONE : UNK;
    const truncations = [topK, topP, minP, typical, epsilon, eta, mirostat];
    this.isPlain = temperature === 1 && truncations.every(value => value === undefined);
  }

  /** Draws a word. @param random returns a number from 0 to below 1. @throws KNESER_OPTION if p = 0 for all words that may be drawn. */
  draw(next: NextWords, random: () => number): DrawnWord {
    return (this.isPlain ? this.drawPlain(next, random) : undefined) ?? this.drawFromRuns(next, random());
  }

  /** Draws a word with its probability in the model; `undefined` if all draws gave `<unk>`. */
  private drawPlain(next: NextWords, random: () => number): DrawnWord | undefined {
    for (let draws = 0; draws < MOST_DRAWS; draws++) {
      const word = next.sample(random);
      if (word === this.except) continue;
      const probability = next.probability(word);
      return { word, probability, kept: next.possible(this.except) };
    }
    return undefined;
  }

  /** Draws a word after temperature and truncation. @param point a random number from 0 to below 1. */
  private drawFromRuns(next: NextWords, point: number): DrawnWord {
    const { except, options, mirostat } = this;
    const { temperature = 1, topK = Infinity } = options;
    const runs =
      (topK <= FEW ? this.mostProbable(next, topK) : this.aboveThreshold(next)) ??
      next.spread().runs(except, this.limit());
    const { probabilities, counts } = runs;
    if (counts.length === 0) throw noWord(next, except);
    const weights = temperature === 1 ? probabilities : probabilities.slice();
    if (temperature !== 1) temper(weights, temperature);
    if (mirostat) mirostat.truncate(probabilities, counts);
    else truncate(weights, counts, options, runs.mass);
    let kept = 0;
    for (const count of counts) kept += count;
    const drawn = this.pick(runs, weights, point);
    mirostat?.update(drawn.probability);
    return { ...drawn, kept };
  }

  /** The limit behind which no run is needed: that of top-p, or that of mirostat 2; `undefined` if the options need all runs. */
  private limit(): RunLimit | undefined {
    const { temperature = 1, topK, topP } = this.options;
    if (temperature !== 1 || topK !== undefined) return undefined;
    const least = this.mirostat?.least;
    return least !== undefined ? { least } : topP !== undefined ? { share: topP } : undefined;
  }

  /** The `most` most probable words. */
  private mostProbable(next: NextWords, most: number): Runs {
    return runsOf(next.top(most, this.except).filter(({ probability }) => probability > 0));
  }

  /**
   * The words above the threshold of min-p, of epsilon or of mirostat 2, and at least the most probable word; `undefined` if other options
   * choose the words or the threshold is low.
   */
  private aboveThreshold(next: NextWords): Runs | undefined {
    const { except, options, mirostat } = this;
    const { temperature = 1, topK, topP, minP, typical, epsilon, eta } = options;
    // Epsilon is a share of the types that the options before it leave.
    const others = [topP, typical, eta, epsilon === undefined ? undefined : (topK ?? minP)];
    if (!next.atLeast || temperature !== 1 || others.some(value => value !== undefined)) return undefined;
    const first = this.mostProbable(next, 1);
    if (first.counts.length === 0) return first;
    const least =
      mirostat?.least ??
      (minP === undefined
        ? epsilon && epsilon * (1 - (except === NONE ? 0 : next.probability(except)))
        : minP * first.probabilities[0]);
    if (least === undefined || least < LEAST_THRESHOLD) return undefined;
    const words = next.atLeast(least, except);
    return words.length > 0 ? runsOf(words) : first;
  }

  /** The word at a point of the unit interval, which is divided among the words that may be drawn in proportion to their weights. */
  private pick({ probabilities, counts, word }: Runs, weights: Float64Array, point: number): Omit<DrawnWord, 'kept'> {
    let remaining = point * massOf(weights, counts);
    let last = 0;
    for (let run = 0; run < counts.length; run++) {
      if (counts[run] === 0) continue;
      last = run;
      const mass = counts[run] * weights[run];
      if (remaining < mass) {
        const n = Math.min(counts[run] - 1, Math.floor(remaining / weights[run]));
        return { word: word(run, n), probability: probabilities[run] };
      }
      remaining -= mass;
    }
    // Rounding can leave a little of the interval that belongs to no word.
    return { word: word(last, 0), probability: probabilities[last] };
  }
}

/** Words as runs of one word each. */
function runsOf(words: readonly WordProbability[]): Runs {
  return {
    probabilities: Float64Array.from(words, ({ probability }) => probability),
    counts: new Uint32Array(words.length).fill(1),
    word: run => words[run].word,
  };
}
