import { callBack } from '../base/call-back.js';
import { checkText, listOf, optionError } from '../base/check.js';
import { KneserError } from '../base/errors.js';
import { withJsonArrays } from '../base/json.js';
import type { WorkOptions } from '../base/progress.js';
import type { Pause } from '../base/turn.js';
import { SMOOTHINGS } from '../smoothing/index.js';
import { checkSentence, type Sentence } from '../text/sentences.js';
import { identityOf, wordIds } from '../tables/manifest.js';
import { countCharacters } from '../text/surface.js';
import { inTextOrder, readingOf, requireForward, type Reading } from '../text/word-order.js';
import { BOS, BOS_WORD, EOS, EOS_WORD } from '../text/tokens.js';
import { BatchLayout, OOV } from '../smoothing/batch.js';
import { TextCache } from '../smoothing/cache/text-cache.js';
import { COUNT } from '../smoothing/evidence.js';
import { isContiguous } from '../tables/pattern.js';
import { withSteps } from './lookup/table-part.js';
import { canLoad, loadedBytes } from './lookup/table-room.js';
import { requireCounts, type ModelParts } from './scoring/parts.js';
import type { PerplexitySum } from './scoring/perplexity.js';
import type { BatchScorer, Scorer } from './scoring/scorer.js';
import { vectorOf, type VectorOptions, type VectorScore } from './scoring/vector.js';
import { NOT_IN_VOCABULARY, type LoadedWords } from './lookup/words.js';

import type { ModelInfo } from './api.js';
import {
  MOST_TOKENS,
  scoreOf,
  sentenceTooLong,
  type Score,
  type ScoreOptions,
  type TextOptions,
} from './scoring/score.js';

/** The method that `console.log` calls in Node, Deno and Bun. */
const INSPECT: unique symbol = Symbol.for('nodejs.util.inspect.custom');

const encoder = new TextEncoder();

/**
 * src/model: from sentences to scores. `paged-model.ts` reads counts from blocks of a store and returns promises, `memory-model.ts` has
 * whole tables in memory and returns results; this file has the code that both share. `language-model.ts` and `loaded-model.ts` add
 * files and threads for Node. `lookup/` finds counts, `scoring/` makes scores of them, `prediction/` finds the next words.
 */

/** By cache, the {@link ModelBase.cacheKey} of the model that made it. */
const cacheKeys = new WeakMap<TextCache, string>();

/** The code that paged and loaded models share. */
export abstract class ModelBase {
  /** The model's order, tables, options and weights. */
  readonly info: ModelInfo;
  readonly #parts: ModelParts;
  /** The key, once a cache was made or used. */
  #cacheKey?: string;

  protected constructor(parts: ModelParts) {
    this.#parts = parts;
    const { manifest, bytes, created } = parts;
    this.info = {
      order: manifest.order,
      sentences: manifest.sentences,
      tokens: manifest.tokens,
      vocabulary: manifest.vocabulary,
      bytes,
      tables: manifest.tables.map(table => {
        const { values, fallback } = SMOOTHINGS[parts.smoothing].discounts(table.countsOfCounts);
        const types = table.pattern === '1' ? manifest.vocabulary : table.rows;
        const { dropped = 0 } = table;
        return { pattern: table.pattern, types, dropped, tokens: table.tokens, discounts: values, fallback };
      }),
      version: manifest.format,
      created,
      options: manifest.options,
      pruning: manifest.pruning ?? null,
      smoothing: parts.smoothing,
      classes: manifest.clusterings.at(0)?.classes ?? 0,
      clusterings: manifest.clusterings.map(({ classes }) => classes),
      modelM: manifest.modelM ? manifest.modelM.clustering + 1 : null,
      weights: [...parts.weightSets].map(([name, { report }]) => ({ name, ...report })),
      identity: identityOf(manifest),
    };
  }

  /** @internal */
  get parts(): ModelParts {
    return this.#parts;
  }

  /**
   * Makes an empty cache for one running text: pass the cache to `score` with each sentence of the text, in order.
   *
   * @throws KNESER_OPTION if the model has no tuned weights; KNESER_NO_COUNTS for a back-off model.
   * @example
   * ```ts
   * import { LanguageModel } from 'kneser';
   *
   * const model = await LanguageModel.open('mixture');
   * const cache = model.createCache();
   * for (const sentence of ['The jury praised the city .', 'The city praised the jury .']) {
   *   const { log10Prob } = await model.score(sentence, { cache });
   *   console.log(log10Prob);
   * }
   * cache.reset(); // another document begins
   * await model.close();
   * ```
   */
  createCache(): TextCache {
    this.checkOpen();
    const { weights, clusterings, manifest, store } = this.parts;
    requireCounts(store.name, manifest, 'mix with a cache');
    if (!weights) {
      throw new KneserError(
        'KNESER_OPTION',
        `${store.name}: a cache needs tuned weights, and none are in use; make some with kneser tune`,
      );
    }
    const cache = new TextCache(weights.cache, clusterings.at(0)?.classes);
    cacheKeys.set(cache, this.cacheKey);
    return cache;
  }

  /** Equal for models whose caches are the same: a model that was opened twice, or that was loaded. */
  private get cacheKey(): string {
    const { weights, order } = this.parts;
    return (this.#cacheKey ??= JSON.stringify([this.info.identity, order, weights?.cache]));
  }

  /** @throws KNESER_CLOSED */
  protected abstract checkOpen(): void;

  /** @internal The line that `console.log` shows in Node, Deno and Bun. */
  [INSPECT](): string {
    const { order, smoothing, vocabulary, tables } = this.info;
    const ngrams = tables.reduce((sum, { types }) => sum + types, 0);
    const figures = `order ${order}, ${smoothing}, ${vocabulary} types, ${ngrams} n-grams`;
    return `${this.constructor.name}(${this.parts.store.name}: ${figures})`;
  }

  /** The sentences of a line of text: the line itself, or, in a model trained with `sentences: 'segment'`, the sentences found in it. */
  sentences(line: string): string[] {
    this.checkOpen();
    checkText('line', line);
    return this.parts.tokenization.sentences(line);
  }

  /**
   * The tokens of a text as the model reads them: cut by its tokenizer, and lower-cased if the model was trained with
   * `lowercase`. Without `<s>` and `</s>`; tokens outside the vocabulary are not replaced by `<unk>`.
   *
   * @example
   * ```ts
   * import { LanguageModel } from 'kneser';
   *
   * const model = await LanguageModel.open('model');
   * console.log(model.tokenize('The jury praised the city .')); // [ 'The', 'jury', 'praised', 'the', 'city', '.' ]
   * await model.close();
   * ```
   */
  tokenize(text: string): string[] {
    this.checkOpen();
    checkText('text', text);
    return this.surface(text);
  }

  /** Refuses a value that cannot be an n-gram of the model. @throws KNESER_OPTION, KNESER_NO_COUNTS */
  protected checkNgram(ngram: readonly string[]): void {
    const { order, manifest, store } = this.parts;
    listOf(checkText)('ngram', ngram);
    requireCounts(store.name, manifest, 'look up');
    if (ngram.length >= 1 && ngram.length <= order) return;
    throw new KneserError('KNESER_OPTION', `ngram: it takes 1 to ${order} tokens, not ${ngram.length}`);
  }

  /** The count of an n-gram given by ids; the first id may be `BOS`, the last `EOS`. */
  protected *countOfIds(scorer: Scorer, ids: readonly number[]): Generator<Promise<void>, number, void> {
    const { words } = this.parts;
    const last = ids.length - 1;
    // Scoring takes a token outside the vocabulary for <unk>, but such a token was never counted. <s> alone is never counted.
    if (ids.includes(NOT_IN_VOCABULARY) || ids.lastIndexOf(BOS) > 0 || ids[last] === BOS) return 0;
    const layout = new BatchLayout(this.parts.order, 1);
    layout.begin(ids[0] === BOS);
    for (let i = ids[0] === BOS ? 1 : 0; i < last; i++) layout.pushHistory(ids[i]);
    layout.push(ids[last]);
    const evidence = yield* scorer.evidenceOf(layout.batch);
    const table = words.findIndex(({ pattern }) => pattern.length === last && isContiguous(pattern));
    return evidence.words.data[evidence.words.at(0, table) + COUNT];
  }

  /** The tokens of a sentence as the model reads them. */
  protected surface(sentence: Sentence): string[] {
    checkSentence(sentence);
    const tokens = typeof sentence === 'string' ? this.parts.tokenization.tokens(sentence) : [...sentence];
    return this.parts.manifest.options.lowercase ? tokens.map(token => token.toLowerCase()) : tokens;
  }

  /** The tokens of a sentence that is scored at one go. @throws KNESER_LIMIT if that takes too much memory. */
  protected wholeSentence(sentence: Sentence): string[] {
    const tokens = this.surface(sentence);
    if (tokens.length <= MOST_TOKENS) return tokens;
    throw sentenceTooLong(`${tokens.length}`);
  }

  /** A sentence in the order in which the model reads it. @param tokens the tokens of {@link surface}. */
  protected reading(tokens: string[]): Reading {
    return readingOf(this.parts.tokenization.order, tokens);
  }

  /** Refuses to predict with a model of another word order than that of the text. @throws KNESER_WORD_ORDER */
  protected checkForward({ gap }: { readonly gap?: string | undefined }): void {
    const { store, tokenization } = this.parts;
    requireForward(store.name, tokenization.order?.name, gap === undefined ? 'predict' : 'fill gaps');
  }

  /** Whether a sentence is left out because it has no tokens and the model was trained without blank lines. */
  protected isSkipped(tokens: readonly string[]): boolean {
    return tokens.length === 0 && this.parts.manifest.options.skipBlank;
  }

  /**
   * Scores a sentence, given as tokens and their ids in the order in which the model reads them. The score has them in the order of
   * the text.
   *
   * @throws KNESER_OPTION for a cache of another model
   */
  protected *scoreIds(
    scorer: BatchScorer,
    layout: BatchLayout,
    { tokens: read, places }: Reading,
    ids: ArrayLike<number>,
    options: ScoreOptions,
    pause?: Pause,
  ): Generator<Promise<void>, Score, void> {
    const { cache } = options;
    // Another model gives other ids to the words.
    if (cache && cacheKeys.get(cache) !== this.cacheKey)
      throw optionError('cache', cache, 'a cache that createCache of this model made');
    const tokens = inTextOrder(read, places);
    const withEnd = options.end ?? true;
    const length = tokens.length + (withEnd ? 1 : 0);
    const log10Probs = new Float64Array(length);
    const matched = new Uint8Array(length);
    const oov = new Array<boolean>(length);
    layout.reset();
    layout.begin(options.start ?? true);
    let done = 0;
    let log10Prob = 0;
    for (let i = 0; i < length; i++) {
      layout.push(i < tokens.length ? ids[i] : EOS);
      if (!layout.full && i + 1 < length) continue;
      const scores = yield* scorer.score(layout.batch, cache);
      for (let t = 0; t < layout.batch.length; t++, done++) {
        log10Probs[done] = scores.log10Probs[t];
        matched[done] = scores.matched[t];
        oov[done] = layout.batch.oov[t] === 1;
        log10Prob += scores.log10Probs[t];
      }
      layout.clear();
      const pausing = pause?.();
      if (pausing) yield pausing;
    }
    if (withEnd) tokens.push(EOS_WORD);
    return scoreOf({
      tokens,
      log10Probs: inTextOrder(log10Probs, places),
      matched: inTextOrder(matched, places),
      oov: inTextOrder(oov, places),
      log10Prob,
    });
  }

  /** Scores a text, given as tokens and their ids, without `</s>`, and makes its vector. */
  protected *vectorOfIds(
    scorer: BatchScorer,
    layout: BatchLayout,
    reading: Reading,
    ids: ArrayLike<number>,
    options: VectorOptions,
    pause?: Pause,
  ): Generator<Promise<void>, VectorScore, void> {
    const score = yield* this.scoreIds(scorer, layout, reading, ids, { end: false }, pause);
    const read = { ids, places: reading.places };
    const vector = yield* vectorOf(scorer, layout, this.parts.order, read, score, options, pause);
    return withJsonArrays({ ...score, vector: withJsonArrays(vector) });
  }

  /** The last order − 1 tokens of a history, or all if there are fewer. */
  protected nearest(history: Sentence): string[] {
    const reach = this.parts.order - 1;
    const tokens = this.surface(history);
    return tokens.slice(Math.max(0, tokens.length - reach));
  }

  /** Adds the scores of the next ids of a text to `sum`; `layout` keeps the history from call to call. */
  protected *addPiece(
    scorer: BatchScorer,
    layout: BatchLayout,
    ids: Uint32Array,
    sum: PerplexitySum,
    cache: TextCache | undefined,
  ): Generator<Promise<void>, void, void> {
    for (let i = 0; i < ids.length; i++) {
      layout.push(ids[i]);
      if (!layout.full && i + 1 < ids.length) continue;
      yield* this.addBatch(scorer, layout, sum, cache);
    }
  }

  /** Scores the words that are laid out, adds their scores to `sum`, and empties the layout. */
  protected *addBatch(
    scorer: BatchScorer,
    layout: BatchLayout,
    sum: PerplexitySum,
    cache: TextCache | undefined,
  ): Generator<Promise<void>, void, void> {
    const scores = yield* scorer.score(layout.batch, cache);
    sum.addWords(scores.log10Probs, layout.batch.oov, layout.batch.length);
    layout.clear();
  }

  /** How much memory all tables take when they are loaded [bytes]. */
  get loadedBytes(): number {
    const { words, clusterings, modelM, manifest } = this.parts;
    return clusterings.reduce(
      (sum, { classes, tables }) => sum + loadedBytes(tables, classes.count),
      loadedBytes(withSteps(words, modelM), wordIds(manifest)),
    );
  }

  /** Whether the tables can be loaded at all, however much memory there is. */
  get canLoad(): boolean {
    const { words, clusterings, modelM, manifest } = this.parts;
    return (
      canLoad(withSteps(words, modelM), wordIds(manifest)) &&
      clusterings.every(({ classes, tables }) => canLoad(tables, classes.count))
    );
  }

  /** The cache for a text, if the options ask for one. */
  protected textCache(options: TextOptions): TextCache | undefined {
    return options.cache ? this.createCache() : undefined;
  }
}

/** The ids with `EOS` after them. */
export function withEnd(ids: Uint32Array): Uint32Array {
  const ended = new Uint32Array(ids.length + 1);
  ended.set(ids);
  ended[ids.length] = EOS;
  return ended;
}

/** Progress is reported once in this many sentences. */
const SENTENCES_A_REPORT = 256;

/** Reports the number of scored sentences of a text, once every {@link SENTENCES_A_REPORT} sentences. */
export function tellSentences({ sentences: done }: PerplexitySum, onProgress: WorkOptions['onProgress']): void {
  if (done % SENTENCES_A_REPORT === 0)
    callBack(onProgress, { stage: 'score', done, total: undefined, unit: 'sentences' });
}

/**
 * Adds 1 to the sentences of a sum, unless the sentence is skipped, and the sentence's length as a line of a text file. The length of a sentence given as tokens is known
 * only if the model's tokenizer separates tokens by white space; otherwise the sum's lengths become NaN.
 */
export function addSentence(
  sum: PerplexitySum,
  sentence: Sentence,
  { tokenization }: ModelParts,
  isSkipped = false,
): void {
  if (!isSkipped) sum.sentences++;
  if (typeof sentence !== 'string' && tokenization.info.tokenizer !== 'whitespace') sum.characters = sum.bytes = NaN;
  const text = typeof sentence === 'string' ? sentence : sentence.join(' ');
  const bytes = encoder.encode(text);
  sum.characters += countCharacters(bytes, 0, bytes.length) + 1;
  sum.bytes += bytes.length + 1;
}

/** Whether any of these ids is of a token outside the vocabulary. */
export function hasUnknown(ids: Uint32Array): boolean {
  return ids.some(id => id >= OOV);
}

/** Adds the probabilities of the spellings of the tokens outside the vocabulary. @param ids of the tokens; more ids may follow. */
export function addSpellings(
  sum: PerplexitySum,
  tokens: readonly string[],
  ids: ArrayLike<number>,
  words: LoadedWords,
): void {
  tokens.forEach((token, i) => {
    if (ids[i] >= OOV) sum.spellingLog10Prob += words.spell(encoder.encode(token));
  });
}

/** The id of a sentence mark in an n-gram; `undefined` for any other token. */
export function idInNgram(token: string): number | undefined {
  return token === BOS_WORD ? BOS : token === EOS_WORD ? EOS : undefined;
}
