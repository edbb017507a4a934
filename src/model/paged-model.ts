/// <reference lib="esnext.disposable" preserve="true" />
import { checkOptions } from '../base/check.js';
import { checkAborted, closedError } from '../base/errors.js';
import { pauses, type Pause } from '../base/turn.js';
import { unlessAborted } from '../base/unless-aborted.js';
import { callerItems } from '../base/caller-items.js';
import { openPackedInput, type PackedInput } from '../store/packed/packed-input.js';
import { openPacked } from '../store/packed/store.js';
import type { BlendEvidence } from '../smoothing/blend-evidence.js';
import type { ModelStore } from '../store/store.js';
import { checkSentences, type Sentence, type Sentences } from '../text/sentences.js';
import { BatchLayout, type Batch, type SentenceEnds } from '../smoothing/batch.js';
import type { TextCache } from '../smoothing/cache/text-cache.js';
import { createBlockScoring, type BlockScoring } from './scoring/block-scoring.js';
import { readParts, type ModelParts } from './scoring/parts.js';
import { type ModelFiles } from '../store/store.js';
import { PerplexitySum, type Perplexity } from './scoring/perplexity.js';
import type { Distribution } from './prediction/distribution.js';
import type { TokenSpreads } from './prediction/token-spreads.js';
import type { NextWords } from './prediction/next-words.js';
import type { Predictor } from './prediction/predictor.js';
import type { BatchScorer } from './scoring/scorer.js';
import { runAwaiting } from './scoring/steps.js';
import { checkVectorOptions, type VectorOptions, type VectorScore } from './scoring/vector.js';
import { LoadedWords, PagedWords } from './lookup/words.js';
import { Vocabulary } from './vocabulary.js';
import { checkGenerateOptions, type GeneratedText, type GenerateOptions } from './generation/options.js';

import { FROM_FILE_OPTIONS, LOAD_OPTIONS, type FromFileOptions, type LoadOptions, type OpenOptions } from './api.js';
import {
  checkPredictOptions,
  DISTRIBUTION_OPTIONS,
  type DistributionOptions,
  type Prediction,
  type PredictOptions,
} from './prediction/prediction.js';
import {
  endsOf,
  SCORE_OPTIONS,
  TEXT_OPTIONS,
  type Score,
  type ScoreOptions,
  type TextOptions,
} from './scoring/score.js';
import { addSentence, addSpellings, hasUnknown, idInNgram, ModelBase, tellSentences, withEnd } from './model-base.js';
import type { MemoryModel } from './memory-model.js';

/** The default of `blockMemory`: how many bytes of blocks a model keeps in memory. */
const DEFAULT_BLOCK_MEMORY = 128 << 20;

/** The most words that are scored together to fill a gap. */
const GAP_BATCH = 1 << 16;

/** @internal A class of models that can be opened. */
export type ModelClass<Model> = new (parts: ModelParts, options: OpenOptions) => Model;

/**
 * A model in a store. Opening it reads little; scoring reads the blocks that it needs, and keeps the blocks used last in memory. Any
 * number of processes may have the same model open. Calls may overlap; they are served one after the other.
 *
 * @example
 * ```ts
 * import { readFile } from 'node:fs/promises';
 * import { LanguageModel } from 'kneser/native-free';
 *
 * const bytes = new Uint8Array(await readFile('model.kneser'));
 * const model = await LanguageModel.fromFile(bytes.buffer); // in a page: a File, or the address of a file
 * const { log10Probs, perplexity } = await model.score('The jury praised the city .');
 * console.log(log10Probs.length, perplexity > 1);
 * await model.close();
 * ```
 */
export class PagedModel extends ModelBase {
  readonly #scoring: BlockScoring;
  readonly #options: OpenOptions;
  #predictor: Predictor | undefined;
  /** The dictionary, read by blocks. */
  readonly #words: PagedWords;
  /** The whole dictionary, once it was needed. */
  #loadedWords: Promise<LoadedWords> | undefined;
  /** Settles when the last of the calls that are served one after the other has ended. */
  #turn: Promise<unknown> = Promise.resolve();
  /** Reads of the store that run beside these calls. */
  readonly #readings = new Set<Promise<unknown>>();
  #closing: Promise<void> | undefined;

  /** @internal */
  constructor(parts: ModelParts, options: OpenOptions) {
    super(parts);
    this.#options = options;
    const { store, manifest } = parts;
    this.#scoring = createBlockScoring(store, parts, options.blockMemory ?? DEFAULT_BLOCK_MEMORY);
    this.#words = new PagedWords(store, manifest);
  }

  /** @internal How the model was opened. */
  get options(): OpenOptions {
    return this.#options;
  }

  protected get scorer(): BatchScorer {
    return this.#scoring.scorer;
  }

  protected get scoring(): BlockScoring {
    return this.#scoring;
  }

  /**
   * Opens a packed model (`kneser pack`): a file that a user chose or dropped, the address of a file, or the bytes of a file.
   * From an address only the blocks in use are fetched, by requests for ranges of bytes.
   *
   * @throws KneserError: KNESER_NOT_A_MODEL, KNESER_VERSION, KNESER_DAMAGED, KNESER_OPTION; of an address KNESER_INPUT_MISSING,
   * KNESER_INPUT_UNREADABLE, KNESER_IO and KNESER_ABORTED, which any later call may throw too.
   * @example
   * ```ts
   * import { openAsBlob } from 'node:fs';
   * import { LanguageModel } from 'kneser';
   *
   * const model = await LanguageModel.fromFile(await openAsBlob('model.kneser')); // or new URL('https://…')
   * console.log(model.info.order);
   * await model.close();
   * ```
   */
  static async fromFile<Model>(
    this: ModelClass<Model>,
    file: PackedInput,
    options: FromFileOptions = {},
  ): Promise<Model> {
    checkOptions('fromFile', options, FROM_FILE_OPTIONS);
    const { store, files } = await openPacked(await openPackedInput(file, options.signal));
    return openStore(this, store, files, options);
  }

  /**
   * Opens the model in a store. Closing the model closes the store.
   *
   * @internal
   */
  static fromStore<Model>(
    this: ModelClass<Model>,
    store: ModelStore,
    files: ModelFiles,
    options: OpenOptions = {},
  ): Promise<Model> {
    return openStore(this, store, files, options);
  }

  /**
   * Scores a sentence, given as text, which the model's tokenizer cuts into tokens, or as an array of tokens.
   *
   * @throws KneserError: KNESER_CLOSED, KNESER_DAMAGED, KNESER_LIMIT for more than 4,194,304 tokens.
   * @example
   * ```ts
   * import { LanguageModel } from 'kneser';
   *
   * const model = await LanguageModel.open('model');
   * const { tokens, log10Probs, matched, oov } = await model.score('The jury praised the city .');
   * tokens.forEach((token, i) => console.log(token, log10Probs[i], matched[i], oov[i]));
   * await model.score(['the', 'city'], { start: false, end: false }); // tokens, in the middle of a sentence
   * await model.close();
   * ```
   */
  async score(sentence: Sentence, options: ScoreOptions = {}): Promise<Score> {
    checkOptions('score', options, SCORE_OPTIONS);
    const reading = this.reading(this.wholeSentence(sentence));
    return this.inTurn(async () => {
      const ids = await this.#words.idsOf(reading.tokens);
      return runAwaiting(this.scoreIds(this.scorer, this.layout(reading.tokens.length + 1), reading, ids, options));
    });
  }

  /**
   * Shows where a text is odd: the value of a token is the mean perplexity of the windows of n tokens that contain it
   * (Škorić 2023, arXiv:2307.09255). Window i holds the tokens i … i + n − 1, and its perplexity is Π p(token | history)^(−1/n).
   * `</s>` is not among the tokens; a token outside the vocabulary has the probability of `<unk>`.
   *
   * @returns one value for each token, or for each bin; an empty array for a text without tokens.
   * @throws KneserError: KNESER_OPTION, KNESER_CLOSED, KNESER_DAMAGED.
   * @example
   * ```ts
   * import { LanguageModel } from 'kneser';
   *
   * const model = await LanguageModel.open('model');
   * const vector = await model.ngramPerplexities('The jury praised banana city .', { window: 3 });
   * console.log(vector.length); // 6: a value for each token
   * await model.close();
   * ```
   */
  async ngramPerplexities(sentence: Sentence, options: VectorOptions = {}): Promise<Float64Array> {
    checkVectorOptions(options);
    return (await this.scoreVector(sentence, options)).vector;
  }

  /** @internal As {@link ngramPerplexities}, with the score of the sentence. @param pause called between batches. */
  async scoreVector(sentence: Sentence, options: VectorOptions, pause?: Pause): Promise<VectorScore> {
    const reading = this.reading(this.wholeSentence(sentence));
    const longest = options.context === 'window' ? this.parts.order : 1;
    return this.inTurn(async () => {
      const ids = await this.#words.idsOf(reading.tokens);
      const layout = this.layout(reading.tokens.length * longest);
      return runAwaiting(this.vectorOfIds(this.scorer, layout, reading, ids, options, pause));
    });
  }

  /**
   * The most probable next tokens after a history, by falling probability; equally probable tokens are in the order of
   * their ids: `<unk>`, `</s>`, then words by falling frequency in training. The result is exact: scoring the whole vocabulary gives the same
   * tokens. An unknown word in the history is read as `<unk>`. With `gap`, the history is a whole sentence with a gap, and the most probable fillers are returned.
   *
   * @throws KneserError: KNESER_OPTION, KNESER_CLOSED, KNESER_DAMAGED.
   * @example
   * ```ts
   * import { LanguageModel } from 'kneser';
   *
   * const model = await LanguageModel.open('model');
   * for (const { token, probability } of await model.predict('The jury praised the', { top: 3 })) {
   *   console.log(token, probability);
   * }
   * await model.close();
   * ```
   */
  async predict(history: Sentence, options: PredictOptions = {}): Promise<Prediction[]> {
    return this.#predict(history, options);
  }

  /** @internal As {@link predict} with a gap, in steps between which `pause` is called. */
  async fillGap(history: Sentence, options: PredictOptions, pause: Pause): Promise<Prediction[]> {
    return this.#predict(history, options, pause);
  }

  async #predict(history: Sentence, options: PredictOptions, pause?: Pause): Promise<Prediction[]> {
    const checked = checkPredictOptions(options);
    this.checkForward(checked);
    return this.whileOpen(async () => {
      const [words, { fillersOf, predictions }] = await Promise.all([
        this.allWords(),
        import('./generation/predict.js'),
      ]);
      if (checked.gap !== undefined) {
        const predictor = await this.#openPredictor();
        const { parts, scorer } = this;
        const tokensOf = (side: Sentence): string[] => this.surface(side);
        return this.#next(() => {
          const layout = this.layout(GAP_BATCH);
          return runAwaiting(fillersOf({ parts, words, scorer, predictor, layout, tokensOf, pause }, history, checked));
        });
      }
      const next = await this.#after(this.#idsBefore(history, words), checked.start);
      return predictions(next, checked, words, this.parts);
    });
  }

  /**
   * The exact distribution of the token after a history: its entropy, the rank of a token, all tokens by falling probability, draws.
   * An unknown word of the history is `<unk>`.
   *
   * @throws KneserError: KNESER_OPTION, KNESER_CLOSED, KNESER_DAMAGED.
   * @example
   * ```ts
   * import { LanguageModel } from 'kneser';
   *
   * const model = await LanguageModel.open('model');
   * const { entropy, secondMoment } = await model.distribution('The jury');
   * console.log(entropy, secondMoment - entropy ** 2); // [nats], and the variance of ln p
   * await model.close();
   * ```
   */
  async distribution(history: Sentence, options: DistributionOptions = {}): Promise<Distribution> {
    checkOptions('distribution', options, DISTRIBUTION_OPTIONS);
    return this.whileOpen(async () => {
      const words = await this.allWords();
      const next = await this.#after(this.#idsBefore(history, words), options.start ?? true);
      const { Distribution } = await import('./prediction/distribution.js');
      return new Distribution(next.spread(), words);
    });
  }

  /**
   * Makes texts: draws each token with its exact probability after the tokens before it, or from the tokens that truncation leaves; or
   * finds the most probable text (`greedy`, `beam`). Loading the model first makes it many times as fast.
   *
   * @throws KneserError: KNESER_OPTION, KNESER_CLOSED, KNESER_DAMAGED, KNESER_ABORTED; options are checked by the call.
   * @example
   * ```ts
   * import { LanguageModel } from 'kneser';
   *
   * const model = await LanguageModel.open('model');
   * for await (const { text, tokens, log10Probs } of model.generate({ beginnings: ['The jury'], count: 3, seed: 7 })) {
   *   console.log(text, tokens.length === log10Probs.length);
   * }
   * await model.close();
   * ```
   */
  generate(options: GenerateOptions = {}): AsyncGenerator<GeneratedText, void, void> {
    this.checkOpen();
    checkGenerateOptions(options);
    return this.#generate(options);
  }

  async *#generate(options: GenerateOptions): AsyncGenerator<GeneratedText, void, void> {
    const { generate } = await import('./generation/generate.js');
    const { signal } = options;
    yield* generate(
      {
        parts: this.parts,
        words: await unlessAborted(this.allWords(), signal, 'generating'),
        tokenize: text => this.surface(text),
        nextWords: (history, withStart) => unlessAborted(this.nextWordsOfIds(history, withStart), signal, 'generating'),
      },
      options,
    );
  }

  /**
   * The distribution of the word after a history.
   *
   * @internal
   */
  async nextWords(history: Sentence, start: boolean): Promise<NextWords> {
    return this.nextWordsOfIds(this.#idsBefore(history, await this.allWords()), start);
  }

  /** The ids of the nearest words of a history. */
  #idsBefore(history: Sentence, words: LoadedWords): Uint32Array {
    return Uint32Array.from(this.nearest(history), token => words.idOf(token));
  }

  /** @internal As {@link nextWords}, of a history of ids. */
  async nextWordsOfIds(history: Uint32Array, start: boolean): Promise<NextWords> {
    return this.whileOpen(() => this.#after(history, start));
  }

  async #after(history: Uint32Array, start: boolean): Promise<NextWords> {
    const predictor = await this.#openPredictor();
    return this.#next(() => runAwaiting(predictor.after(history, start)));
  }

  /** @internal Figures of the distribution before each token of whole sentences, given as ids. */
  async spreadsOfIds(ids: Uint32Array): Promise<TokenSpreads> {
    const predictor = await this.#openPredictor();
    const { tokenSpreads } = await import('./prediction/token-spreads.js');
    return this.inTurn(() => runAwaiting(tokenSpreads(predictor, ids, this.parts.order - 1)));
  }

  /**
   * The types that the model predicts. Reads the whole dictionary.
   *
   * @example
   * ```ts
   * import { LanguageModel } from 'kneser';
   *
   * const model = await LanguageModel.open('model');
   * const vocabulary = await model.vocabulary();
   * console.log(vocabulary.size, vocabulary.has('jury'), [...vocabulary].slice(0, 4));
   * await model.close();
   * ```
   */
  async vocabulary(): Promise<Vocabulary> {
    return new Vocabulary(await this.allWords(), this.parts.manifest);
  }

  /**
   * The count of an n-gram in the model's tables, 0 if they lack it. Counts are adjusted as in KenLM (Heafield et al. 2013): for
   * n-grams of the highest order and n-grams that begin with `<s>`, the number of times that they occur in the training text; for
   * all others, the number of different tokens that occur before them. A pruned n-gram has the count 0.
   *
   * @param ngram its tokens, 1 to as many as the order; the first may be `<s>`, the last `</s>`.
   * @throws KneserError: KNESER_OPTION, KNESER_NO_COUNTS for a back-off model, KNESER_CLOSED, KNESER_DAMAGED.
   * @example
   * ```ts
   * import { LanguageModel } from 'kneser';
   *
   * const model = await LanguageModel.open('model');
   * console.log(await model.countOf(['<s>', 'The']), await model.countOf(['The', 'jury', 'praised']));
   * await model.close();
   * ```
   */
  async countOf(ngram: readonly string[]): Promise<number> {
    this.checkOpen();
    this.checkNgram(ngram);
    return this.inTurn(async () => {
      const found = await this.#words.idsOf(ngram);
      const ids = ngram.map((token, i) => idInNgram(token) ?? found[i]);
      return runAwaiting(this.countOfIds(this.#scoring.byEvidence, ids));
    });
  }

  /**
   * The perplexity of sentences, which are one text.
   *
   * @example
   * ```ts
   * import { LanguageModel } from 'kneser';
   *
   * const model = await LanguageModel.open('model');
   * const { perplexity } = await model.perplexity(['The jury praised the city .', 'It was late .']);
   * console.log(perplexity);
   * await model.close();
   * ```
   */
  async perplexity(sentences: Sentences, options: TextOptions = {}): Promise<Perplexity> {
    this.checkOpen();
    checkSentences(sentences);
    checkOptions('perplexity', options, TEXT_OPTIONS);
    const sum = new PerplexitySum();
    const cache = this.textCache(options);
    const ends = endsOf(options);
    const { onProgress, signal } = options;
    const pause = pauses();
    for await (const sentence of callerItems(sentences, signal, 'scoring')) {
      checkAborted(signal, 'scoring');
      tellSentences(sum, onProgress);
      await pause();
      const { tokens } = this.reading(this.surface(sentence));
      const isSkipped = this.isSkipped(tokens);
      addSentence(sum, sentence, this.parts, isSkipped);
      if (isSkipped) continue;
      const scoring = this.inTurn(async () => {
        const ids = withEnd(await this.#words.idsOf(tokens));
        await runAwaiting(this.addPiece(this.scorer, this.layout(tokens.length + 1, ends), ids, sum, cache));
        return ids;
      });
      const ids = await unlessAborted(scoring, signal, 'scoring');
      if (hasUnknown(ids)) addSpellings(sum, tokens, ids, await unlessAborted(this.allWords(), signal, 'scoring'));
    }
    return sum.figures();
  }

  /**
   * Reads all tables into memory. The loaded model has the same methods, without promises and many times as fast. This model
   * stays open.
   *
   * @throws KneserError: KNESER_ABORTED, KNESER_CLOSED, KNESER_DAMAGED, KNESER_LIMIT if memory does not suffice.
   * @example
   * ```ts
   * import { LanguageModel } from 'kneser';
   *
   * const model = await LanguageModel.open('model');
   * const loaded = await model.load();
   * await model.close(); // the loaded model is independent of it
   * const { perplexity } = loaded.score('The jury praised the city .'); // no await
   * console.log(perplexity);
   * ```
   */
  async load(options: LoadOptions = {}): Promise<MemoryModel> {
    checkOptions('load', options, LOAD_OPTIONS);
    return this.whileOpen(async () => {
      const [words, { MemoryModel }] = await Promise.all([this.allWords(), import('./memory-model.js')]);
      return MemoryModel.load(this.parts, words, options);
    }, options.signal);
  }

  /**
   * The evidence of a batch of any size, from which tuning learns.
   *
   * @internal
   */
  evidence(batch: Batch, check?: () => void): Promise<BlendEvidence> {
    return this.inTurn(() => runAwaiting(this.#scoring.byEvidence.evidenceOf(batch), check));
  }

  /**
   * log10 p of the words of a batch that the caller laid out.
   *
   * @internal
   * @param cache the text so far; the batch becomes part of it.
   */
  scoreBatch(batch: Batch, cache?: TextCache): Promise<Float64Array> {
    return this.inTurn(async () => {
      const { log10Probs } = await runAwaiting(this.scorer.score(batch, cache));
      return log10Probs.slice(0, batch.length);
    });
  }

  /**
   * Closes the model's files, and frees its private folder and threads. Calls that have begun end first; texts of many sentences and files that
   * are being scored, texts that are being generated, calls that wait for a server, and all later calls, are refused with KNESER_CLOSED. Closing
   * a second time has no effect.
   */
  async close(): Promise<void> {
    this.parts.store.stop?.();
    await (this.#closing ??= this.closeResources());
  }

  /** As {@link close}: `await using model = …` closes the model at the end of the block. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #openPredictor(): Promise<Predictor> {
    const { createPredictor } = await import('./prediction/create-predictor.js');
    return (this.#predictor ??= createPredictor(this.#scoring.byEvidence, this.parts));
  }

  /** A layout with room for `words` words, but at most for a full batch. */
  protected layout(words: number, ends?: SentenceEnds): BatchLayout {
    return new BatchLayout(this.parts.order, Math.min(this.#scoring.batchWords, words), ends);
  }

  /** @internal The whole dictionary, which is read at the first call. */
  allWords(): Promise<LoadedWords> {
    this.checkOpen();
    const { store, manifest } = this.parts;
    this.#loadedWords ??= this.whileOpen(() => LoadedWords.load(store, manifest)).catch((error: unknown) => {
      this.#loadedWords = undefined;
      throw error;
    });
    return this.#loadedWords;
  }

  protected override checkOpen(): void {
    if (this.#closing) throw closedError(this.parts.store.name);
  }

  /**
   * Begins a call that reads the store; {@link close} waits until it ends.
   *
   * @internal
   * @param signal ends the waiting of the caller at once.
   */
  async whileOpen<T>(act: () => Promise<T>, signal?: AbortSignal, name = 'loading'): Promise<T> {
    this.checkOpen();
    const reading = act();
    this.#readings.add(reading);
    const end = (): void => void this.#readings.delete(reading);
    reading.then(end, end);
    return unlessAborted(reading, signal, name);
  }

  /** Waits for the calls that have begun, then closes the store. */
  protected async closeResources(): Promise<void> {
    await Promise.allSettled([this.#turn, ...this.#readings]);
    await this.parts.store.close();
  }

  /** Runs calls one at a time, because all calls use the same working memory of the tables. */
  protected inTurn<T>(act: () => Promise<T>): Promise<T> {
    this.checkOpen();
    return this.#next(act);
  }

  /** As {@link inTurn}, for a part of a call of {@link whileOpen}, which is not refused once it has begun. */
  #next<T>(act: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(act, act);
    this.#turn = result;
    return result;
  }
}

async function openStore<Model>(
  modelClass: ModelClass<Model>,
  store: ModelStore,
  files: ModelFiles,
  options: OpenOptions,
): Promise<Model> {
  try {
    return new modelClass(await readParts(store, files, options), options);
  } catch (error) {
    await store.close();
    throw error;
  }
}
