import { checkFlag, checkOptions, checkText, optionError, type OptionTable } from '../../base/check.js';
import { BOS_WORD, EOS, EOS_WORD, NONE, UNK } from '../../text/tokens.js';
import { OOV } from '../../smoothing/batch.js';
import type { LoadedWords } from '../lookup/words.js';
import type { Spread } from './spread.js';

/** The types that are listed and drawn. */
export interface ListingOptions {
  /** Whether `<unk>`, which stands for all unknown words, is listed and drawn too. Default false. */
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
 * The exact distribution of the token after a history. All figures cover the whole vocabulary, with `</s>` and `<unk>`, without `<s>`.
 * In a Kneser-Ney model, `probability` has the very bits of scoring, and entropy, second moment and ranks take time in proportion to the
 * number of followers of those contexts of the history that were not asked for before. In a mixture, they take time in proportion to the number of
 * followers of all its contexts, and with a class model or in a back-off model to the size of the vocabulary. `descending` and `dense` always
 * compute all probabilities.
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
  readonly #spread: Spread;
  #entropy: number | undefined;
  #secondMoment: number | undefined;

  /** @internal */
  constructor(spread: Spread, words: LoadedWords) {
    this.#spread = spread;
    this.#words = words;
  }

  /** p(token | history): for a token outside the vocabulary the probability of `<unk>`, for `<s>` 0. */
  probability(token: string): number {
    return this.#spread.probability(this.#id(token));
  }

  /** H = −Σ p ln p [nats]. */
  get entropy(): number {
    return (this.#entropy ??= this.#spread.entropy);
  }

  /** Σ p ln² p [nats²]. Minus `entropy`², it is the variance of ln p. */
  get secondMoment(): number {
    return (this.#secondMoment ??= this.#spread.secondMoment);
  }

  /** 1 + the number of types that are more probable than the token: equally probable types share the better rank. */
  rank(token: string): number {
    return 1 + this.#spread.above(this.probability(token));
  }

  /** The types by falling probability, equally probable types in the order of their ids: `<unk>`, `</s>`, then words by falling frequency. */
  *descending(options: ListingOptions = {}): Generator<TokenProbability, void, void> {
    checkOptions('descending', options, LISTING_OPTIONS);
    for (const [word, probability] of this.#spread.descending()) {
      if (word === UNK && !(options.unknown ?? false)) continue;
      yield { token: this.#words.word(word), probability };
    }
  }

  /**
   * The token at a point of the interval from 0 to 1, which is divided among the types by their probabilities: a random point draws a
   * token.
   *
   * @param u at least 0 and below 1. The same number gives the same token, whether tables are paged or loaded.
   * @throws KNESER_OPTION if `u` is another value, or p = 0 for all types that are drawn, as imported models can have it.
   */
  sample(u: number, options: ListingOptions = {}): string {
    checkOptions('sample', options, LISTING_OPTIONS);
    if (!(typeof u === 'number' && u >= 0 && u < 1)) throw optionError('u', u, 'a number from 0 to below 1');
    return this.#words.word(this.#spread.at(u, (options.unknown ?? false) ? NONE : UNK));
  }

  /** By word id (`vocabulary().id(token)`), p of the type; 0 for ids that no type has. */
  dense(): Float64Array {
    return this.#spread.dense();
  }

  /** @internal How many types are more probable than `probability`. */
  above(probability: number): number {
    return this.#spread.above(probability);
  }

  /** The id of a token: `UNK` outside the vocabulary, and `NONE`, whose probability is 0, for `<s>`. */
  #id(token: string): number {
    checkText('token', token);
    if (token === EOS_WORD) return EOS;
    if (token === BOS_WORD) return NONE;
    const id = this.#words.idOf(token);
    return id >= OOV ? UNK : id;
  }
}
