import { checkText } from '../base/check.js';
import type { Manifest } from '../tables/manifest.js';
import { EOS, EOS_WORD, FIRST_WORD, UNK, UNK_WORD } from '../text/tokens.js';
import type { LoadedWords } from './lookup/words.js';

/**
 * The types that a model predicts: `<unk>`, `</s>`, then its words by falling frequency. After any history, their probabilities
 * add up to 1. `<s>` is not among them.
 *
 * @example
 * ```ts
 * import { LanguageModel } from 'kneser';
 *
 * const model = await LanguageModel.open('model');
 * const loaded = await model.load();
 * const vocabulary = loaded.vocabulary();
 * let sum = 0;
 * for (const word of vocabulary) sum += 10 ** loaded.log10Prob(word, ['<s>', 'The']);
 * console.log(vocabulary.size, vocabulary.has('jury'), vocabulary.id('jury'), sum.toFixed(9)); // the sum is 1
 * await model.close();
 * ```
 */
export class Vocabulary implements Iterable<string> {
  /** Number of types. */
  readonly size: number;
  readonly #words: LoadedWords;
  /** The ids of all types are below it. */
  readonly #ids: number;

  /** @internal */
  constructor(words: LoadedWords, { vocabulary }: Manifest) {
    this.#words = words;
    this.size = vocabulary;
    // `vocabulary` includes <unk> and </s>, whose ids are below FIRST_WORD.
    this.#ids = FIRST_WORD + vocabulary - 2;
  }

  /** Whether a token is one of the types; it is first lower-cased if the model lower-cases text. */
  has(token: string): boolean {
    return this.id(token) !== undefined;
  }

  /** The word id of a type in the model's tables, as in `State.history`; `undefined` for any other token. */
  id(token: string): number | undefined {
    checkText('token', token);
    if (token === UNK_WORD) return UNK;
    if (token === EOS_WORD) return EOS;
    const id = this.#words.idOf(token);
    return id < this.#ids ? id : undefined;
  }

  /** The types, in the order of their ids. */
  *[Symbol.iterator](): Generator<string, void, void> {
    yield UNK_WORD;
    yield EOS_WORD;
    for (let id = FIRST_WORD; id < this.#ids; id++) yield this.#words.word(id);
  }
}
