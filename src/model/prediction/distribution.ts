import { checkFlag, checkOptions, checkText, optionError, type OptionTable } from '../../base/check.js';
import { BOS_WORD, EOS, EOS_WORD, NONE, UNK } from '../../text/tokens.js';
import { OOV } from '../../smoothing/batch.js';
import type { LoadedWords } from '../lookup/words.js';
import { entropyPart, secondMomentPart, type SpreadWords } from './spread.js';

/** Which words are listed and drawn. */
export interface ListingOptions {
  /** Whether `<unk>` is among them, which stands for all unknown words. Default false. */
  readonly unknown?: boolean;
}

const LISTING_OPTIONS: OptionTable<ListingOptions> = { unknown: checkFlag };

/** A token that may come next, and its probability in the model. */
export interface TokenProbability {
  /** A word, `</s>` or `<unk>`. */
  readonly token: string;
  /** p(token | history). */
  readonly probability: number;
}

/**
 * The exact distribution of the token after a history. All figures cover the whole vocabulary, `</s>` and `<unk>` counted, `<s>`
 * not; they cost as much as the followers of the history's contexts, not as the vocabulary (a class model and a back-off model cost
 * a look at every word).
 *
 * @example
 * ```ts
 * import { LanguageModel } from 'kneser';
 *
 * const model = await LanguageModel.open('model');
 * const next = await model.distribution('The jury praised the');
 * console.log(next.entropy / Math.LN2, next.rank('city'), next.probability('city')); // bits, rank, p
 * for (const { token, probability } of next.descending()) {
 *   console.log(token, probability);
 *   break;
 * }
 * console.log(next.sample(0.5));
 * await model.close();
 * ```
 */
export class Distribution {
  readonly #words: LoadedWords;
  readonly #spread: SpreadWords;
  #entropy: number | undefined;
  #secondMoment: number | undefined;

  /** @internal */
  constructor(spread: SpreadWords, words: LoadedWords) {
    this.#spread = spread;
    this.#words = words;
  }

  /** p(token | history); of a token outside the vocabulary that of `<unk>`, of `<s>` 0. */
  probability(token: string): number {
    return this.#spread.probability(this.#id(token));
  }

  /** H = −Σ p ln p [nats]. */
  get entropy(): number {
    return (this.#entropy ??= this.#spread.sum(entropyPart));
  }

  /** Σ p ln² p [nats²]: less `entropy`² it is the variance of ln p. */
  get secondMoment(): number {
    return (this.#secondMoment ??= this.#spread.sum(secondMomentPart));
  }

  /** 1 + the number of types that are more probable than the token; equally probable ones share the better rank. */
  rank(token: string): number {
    return 1 + this.#spread.above(this.probability(token));
  }

  /** The types by falling probability, equally probable ones in the order of their frequency in training. */
  *descending(options: ListingOptions = {}): Generator<TokenProbability, void, void> {
    checkOptions('descending', options, LISTING_OPTIONS);
    for (const [word, probability] of this.#spread.descending()) {
      if (word === UNK && !(options.unknown ?? false)) continue;
      yield { token: this.#words.word(word), probability };
    }
  }

  /**
   * The token at a place in the interval from 0 to 1, which the types divide by their probabilities: a random number draws a token.
   *
   * @param u at least 0 and below 1. The same number gives the same token, whether tables are paged or loaded.
   */
  sample(u: number, options: ListingOptions = {}): string {
    checkOptions('sample', options, LISTING_OPTIONS);
    if (!(typeof u === 'number' && u >= 0 && u < 1)) throw optionError('u', u, 'a number from 0 to below 1');
    return this.#words.word(this.#spread.at(u, (options.unknown ?? false) ? NONE : UNK));
  }

  /** p by the numbers of types, as `vocabulary().id(token)` gives them; 0 where there is no type. */
  dense(): Float64Array {
    return this.#spread.dense();
  }

  /** @internal How many types are more probable than `probability`. */
  above(probability: number): number {
    return this.#spread.above(probability);
  }

  #id(token: string): number {
    checkText('token', token);
    if (token === EOS_WORD) return EOS;
    if (token === BOS_WORD) return NONE;
    const id = this.#words.idOf(token);
    return id >= OOV ? UNK : id;
  }
}
