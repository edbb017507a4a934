import type { ChainSums } from './chain-sums.js';
import type { RunLimit, Runs, Spread, Spreading, SpreadWords } from './spread.js';
import { isPredicted } from './predicted.js';
import { chainProbability, type ChainWord } from './voters.js';

/** The distribution of the next word of a chain. Entropy, second moment and ranks come from sums that are kept for each context. */
export class ChainSpread implements Spread {
  private whole: SpreadWords | undefined;

  constructor(
    private readonly next: ChainWord,
    private readonly chainSums: ChainSums,
    private readonly spreading: Spreading,
  ) {}

  get ids(): number {
    return this.all.ids;
  }

  get entropy(): number {
    return -this.chainSums.sums(this.next).logs;
  }

  get secondMoment(): number {
    return this.chainSums.sums(this.next).squares;
  }

  above(probability: number): number {
    return this.chainSums.above(this.next, probability);
  }

  probability(word: number): number {
    return isPredicted(word) ? chainProbability(this.next, word, this.chainSums.unigramCount(word)) : 0;
  }

  descending(): Generator<readonly [word: number, probability: number], void, void> {
    return this.all.descending();
  }

  runs(except: number, limit?: RunLimit): Runs {
    return this.all.runs(except, limit);
  }

  at(point: number, except: number): number {
    return this.all.at(point, except);
  }

  dense(): Float64Array {
    return this.all.dense();
  }

  /** The probability of each word. */
  private get all(): SpreadWords {
    return (this.whole ??= this.spreading.spread(this.next));
  }
}
