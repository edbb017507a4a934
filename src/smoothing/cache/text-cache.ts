import type { WordClasses } from '../../tables/classes.js';
import type { Batch } from '../batch.js';
import { CellText } from './cells.js';
import { ExpertText } from './expert-text.js';
import { emptyWord, readWord, type RunningText } from './running-text.js';
import type { CacheWeights } from './weights.js';

/**
 * The words of a running text so far: they raise the probability of words and sequences of words that occur again. `createCache` of a
 * model makes a cache; passed to several calls, the cache remembers the text of all. `docs/mixture.md` has its equations.
 *
 * @example
 * ```ts
 * import { LanguageModel } from 'kneser';
 *
 * const model = await LanguageModel.open('mixture');
 * const cache = model.createCache();
 * for (const sentence of ['The jury met .', 'The jury praised the city .']) {
 *   console.log((await model.score(sentence, { cache })).perplexity); // the second knows that “jury” came before
 * }
 * cache.reset(); // another text begins
 * await model.close();
 * ```
 */
export class TextCache {
  private readonly text: RunningText;
  private readonly next = emptyWord();

  /**
   * @internal Use `createCache` of a model.
   * @param classes the classes of the model's words, if it has a class model.
   */
  constructor(weights: CacheWeights, classes: WordClasses | undefined) {
    this.text = 'memories' in weights ? new ExpertText(weights, classes) : new CellText(weights);
  }

  /**
   * Mixes the probability that the model gives to word `t` of the batch with the cache, then adds the word to the cache.
   *
   * @internal
   * @param classProbability p by the class model; 0 without one.
   */
  mix(probability: number, classProbability: number, batch: Batch, t: number): number {
    readWord(this.next, batch, t, probability, classProbability);
    return this.text.mix(this.next);
  }

  /** Forgets the text, for instance at the beginning of a new document. */
  reset(): void {
    this.text.clear();
  }
}
