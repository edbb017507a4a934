/// <reference lib="esnext.disposable" preserve="true" />
import { callBack } from '../base/call-back.js';
import { checkFunction, checkOptions, checkText, listOf, type OptionTable } from '../base/check.js';
import { checkAborted, closedError, KneserError } from '../base/errors.js';
import type { Pause } from '../base/turn.js';
import { wordIds } from '../tables/manifest.js';
import { checkSentences, type Sentence } from '../text/sentences.js';
import { BOS, BOS_WORD, EOS, EOS_WORD, UNK } from '../text/tokens.js';
import { BatchLayout, type Batch } from '../smoothing/batch.js';
import type { TextCache } from '../smoothing/cache/text-cache.js';
import { LOADED_BATCH } from './lookup/loaded-table.js';
import { tablesOf, type ModelParts } from './scoring/parts.js';
import type { TableMemory } from './lookup/regions.js';
import { PerplexitySum, type Perplexity } from './scoring/perplexity.js';
import { Distribution } from './prediction/distribution.js';
import type { NextWords } from './prediction/next-words.js';
import { createPredictor } from './prediction/create-predictor.js';
import type { Predictor } from './prediction/predictor.js';
import { tokenSpreads, type TokenSpreads } from './prediction/token-spreads.js';
import { createLoadedScorer, type LoadedScoring, type ScoringPlan } from './scoring/pieces.js';
import type { BatchScorer, BatchScores } from './scoring/scorer.js';
import { runAtOnce, runAwaiting } from './scoring/steps.js';
import { withSteps } from './lookup/table-part.js';
import { loadTables, type LoadingRunner } from './lookup/table-loader.js';
import { numbersOf } from './lookup/table-room.js';
import { tableMemory } from './lookup/table-memory.js';
import { checkVectorOptions, type VectorOptions, type VectorScore } from './scoring/vector.js';
import { LoadedWords, NOT_IN_VOCABULARY } from './lookup/words.js';
import { Vocabulary } from './vocabulary.js';
import { Drawing } from './generation/draw.js';
import { generate } from './generation/generate.js';
import { checkGenerateOptions, type GeneratedText, type GenerateOptions } from './generation/options.js';
import type { TextSource } from './generation/source.js';
import { TRUNCATION_OPTIONS, type TruncationOptions } from './generation/truncation.js';

import type { Extension, LoadOptions, Sample, State } from './api.js';
import {
  checkPredictOptions,
  type CheckedPredictOptions,
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
import { checkState, stateOf } from './state.js';
import { addSentence, addSpellings, idInNgram, ModelBase, tellSentences, withEnd } from './model-base.js';
import { fillersOf, predictions } from './generation/predict.js';

/** How {@link MemoryModel.sample} draws a token. */
export interface SampleOptions extends TruncationOptions {
  /** Returns a number from 0 to below 1, and may be called several times. Default `Math.random`. */
  readonly random?: () => number;
}

const SAMPLE_OPTIONS: OptionTable<SampleOptions> = { ...TRUNCATION_OPTIONS, random: checkFunction };

const START_OPTIONS: OptionTable<Pick<ScoreOptions, 'start'>> = { start: SCORE_OPTIONS.start };
const checkHistory = listOf(checkText);

/**
 * A model with whole tables in memory: its methods return results, not promises. {@link LanguageModel.load} makes it; it stays
 * valid when that model is closed.
 */
export class MemoryModel extends ModelBase {
  readonly #words: LoadedWords;
  readonly #plan: ScoringPlan;
  readonly #scoring: LoadedScoring;
  readonly #predictor: Predictor;
  readonly #layout: BatchLayout;
  #closed = false;

  /** @internal Use {@link LanguageModel.load}. */
  constructor(parts: ModelParts, words: LoadedWords, plan: ScoringPlan) {
    super(parts);
    this.#words = words;
    this.#plan = plan;
    this.#scoring = createLoadedScorer(plan);
    this.#layout = this.#scoring.layout;
    this.#predictor = createPredictor(this.#scoring.byEvidence, parts);
  }

  protected get scorer(): BatchScorer {
    return this.#scoring.scorer;
  }

  /** @internal The dictionary. */
  get words(): LoadedWords {
    return this.#words;
  }

  protected get plan(): ScoringPlan {
    return this.#plan;
  }

  /** @internal Use {@link LanguageModel.load}. @param runner the threads that load tables; if `undefined`, this thread loads them. */
  static async load<Model>(
    this: new (parts: ModelParts, words: LoadedWords, plan: ScoringPlan) => Model,
    parts: ModelParts,
    words: LoadedWords,
    { onProgress, signal }: LoadOptions = {},
    runner?: LoadingRunner,
  ): Promise<Model> {
    const { store, manifest, smoothing, clusterings, modelM, weights } = parts;
    const all = tablesOf(parts).reduce((sum, table) => sum + table.manifest.rows, 0);
    let done = 0;
    const onRows = (rows: number): void => {
      checkAborted(signal, 'loading');
      done = Math.min(all, done + rows);
      callBack(onProgress, { stage: 'load', done, total: all, unit: 'n-grams' });
    };
    checkAborted(signal, 'loading');
    const count = parts.words.reduce((sum, part) => sum + numbersOf(part), 0);
    const numbers = manifest.kind === 'backoff' ? new Float64Array(tableMemory(8 * count)) : undefined;
    const loadedParts = withSteps(parts.words, modelM);
    const loaded = await loadTables(store, loadedParts, wordIds(manifest), onRows, numbers, runner);
    const classTables: TableMemory[][] = [];
    for (const { classes, tables } of clusterings) {
      classTables.push(await loadTables(store, tables, classes.count, onRows, undefined, runner));
    }
    const plan: ScoringPlan = {
      order: parts.order,
      manifest,
      smoothing,
      words: parts.words,
      clusterings,
      modelM,
      weights,
      wordTables: loaded.slice(0, parts.words.length),
      stepTables: loaded.slice(parts.words.length),
      classTables,
      numbers,
    };
    return new this(parts, words, plan);
  }

  /** As {@link LanguageModel.score}. */
  score(sentence: Sentence, options: ScoreOptions = {}): Score {
    this.checkOpen();
    checkOptions('score', options, SCORE_OPTIONS);
    const reading = this.reading(this.wholeSentence(sentence));
    const ids = reading.tokens.map(token => this.words.idOf(token));
    return runAtOnce(this.scoreIds(this.scorer, this.#layout, reading, ids, options));
  }

  /** As {@link LanguageModel.ngramPerplexities}. */
  ngramPerplexities(sentence: Sentence, options: VectorOptions = {}): Float64Array {
    checkVectorOptions(options);
    return this.scoreVector(sentence, options).vector;
  }

  /** @internal As {@link ngramPerplexities}, with the score of the sentence. @param pause called between batches; the result is then a promise. */
  scoreVector(sentence: Sentence, options: VectorOptions): VectorScore;
  /** @internal As above, with pauses. */
  scoreVector(sentence: Sentence, options: VectorOptions, pause: Pause): Promise<VectorScore>;
  scoreVector(sentence: Sentence, options: VectorOptions, pause?: Pause): VectorScore | Promise<VectorScore> {
    this.checkOpen();
    const reading = this.reading(this.wholeSentence(sentence));
    const ids = reading.tokens.map(token => this.words.idOf(token));
    if (!pause) return runAtOnce(this.vectorOfIds(this.scorer, this.#layout, reading, ids, options));
    // During a pause other calls use the model's own layout.
    const layout = new BatchLayout(this.parts.order, LOADED_BATCH);
    return runAwaiting(this.vectorOfIds(this.scorer, layout, reading, ids, options, pause));
  }

  /** As {@link LanguageModel.predict}. */
  predict(history: Sentence, options: PredictOptions = {}): Prediction[] {
    this.checkOpen();
    const checked = checkPredictOptions(options);
    this.checkForward(checked);
    if (checked.gap !== undefined) return runAtOnce(this.#fillers(history, checked));
    return predictions(this.nextWords(history, checked.start), checked, this.words, this.parts);
  }

  /** @internal As {@link predict} with a gap, in steps between which `pause` is called. */
  async fillGap(history: Sentence, options: PredictOptions, pause: Pause): Promise<Prediction[]> {
    this.checkOpen();
    const checked = checkPredictOptions(options);
    this.checkForward(checked);
    return runAwaiting(this.#fillers(history, checked, pause));
  }

  #fillers(
    history: Sentence,
    checked: CheckedPredictOptions,
    pause?: Pause,
  ): Generator<Promise<void>, Prediction[], void> {
    const layout = new BatchLayout(this.parts.order, LOADED_BATCH);
    const { parts, words, scorer } = this;
    const tokensOf = (side: Sentence): string[] => this.surface(side);
    return fillersOf({ parts, words, scorer, predictor: this.#predictor, layout, tokensOf, pause }, history, checked);
  }

  /** As {@link LanguageModel.distribution}. */
  distribution(history: Sentence, options: DistributionOptions = {}): Distribution {
    this.checkOpen();
    checkOptions('distribution', options, DISTRIBUTION_OPTIONS);
    return new Distribution(this.nextWords(history, options.start ?? true).spread(), this.words);
  }

  /** As {@link LanguageModel.generate}. */
  generate(options: GenerateOptions = {}): AsyncGenerator<GeneratedText, void, void> {
    this.checkOpen();
    checkGenerateOptions(options);
    const source: TextSource = {
      parts: this.parts,
      words: this.words,
      tokenize: text => this.surface(text),
      nextWords: (history, withStart) => {
        this.checkOpen();
        return this.nextWordsOfIds(history, withStart);
      },
    };
    return generate(source, options);
  }

  /**
   * Draws a token after a state: each token with its probability, or, with options, only the tokens that remain after truncation.
   *
   * @throws KNESER_OPTION, KNESER_CLOSED
   * @example
   * ```ts
   * import { LanguageModel } from 'kneser';
   *
   * const model = await LanguageModel.open('model');
   * const loaded = await model.load();
   * let state = loaded.start();
   * for (let i = 0; i < 5; i++) {
   *   const drawn = loaded.sample(state, { temperature: 0.8, topP: 0.95 });
   *   console.log(drawn.token, drawn.log10Prob, drawn.kept);
   *   state = drawn.state; // after </s> the beginning of the next sentence
   * }
   * await model.close();
   * ```
   */
  sample(state: State, options: SampleOptions = {}): Sample {
    this.checkOpen();
    checkState('state', state, this.info.identity);
    checkOptions('sample', options, SAMPLE_OPTIONS);
    const { random = Math.random, ...truncation } = options;
    const drawing = new Drawing(truncation);
    const { word, kept } = drawing.draw(this.nextWordsOfIds(state.history, false), random);
    const token = this.words.word(word);
    return { token, kept, ...this.extend(state, token) };
  }

  /**
   * The distribution of the word after a history.
   *
   * @internal
   */
  nextWords(history: Sentence, start: boolean): NextWords {
    const ids = Uint32Array.from(this.nearest(history), token => this.words.idOf(token));
    return this.nextWordsOfIds(ids, start);
  }

  /** @internal As {@link nextWords}, of a history of ids. */
  nextWordsOfIds(history: Uint32Array, start: boolean): NextWords {
    return runAtOnce(this.#predictor.after(history, start));
  }

  /** @internal Figures of the distribution before each token of whole sentences, given as ids. */
  spreadsOfIds(ids: Uint32Array): TokenSpreads {
    return runAtOnce(tokenSpreads(this.#predictor, ids, this.parts.order - 1));
  }

  /**
   * Scores a batch of at most `LOADED_BATCH` words that the caller laid out for the order of the model. The scores are valid until the
   * next call.
   *
   * @internal
   * @param cache the text so far; the batch becomes part of it.
   */
  scoreBatch(batch: Batch, cache?: TextCache): BatchScores {
    this.checkOpen();
    return runAtOnce(this.scorer.score(batch, cache));
  }

  /** As {@link LanguageModel.vocabulary}. */
  vocabulary(): Vocabulary {
    this.checkOpen();
    return new Vocabulary(this.words, this.parts.manifest);
  }

  /** As {@link LanguageModel.countOf}. */
  countOf(ngram: readonly string[]): number {
    this.checkOpen();
    this.checkNgram(ngram);
    const ids = ngram.map(token => idInNgram(token) ?? this.words.idOf(token));
    return runAtOnce(this.countOfIds(this.#scoring.byEvidence, ids));
  }

  /** As {@link LanguageModel.perplexity}. */
  perplexity(sentences: Iterable<Sentence>, options: TextOptions = {}): Perplexity {
    this.checkOpen();
    checkSentences(sentences);
    checkOptions('perplexity', options, TEXT_OPTIONS);
    const sum = new PerplexitySum();
    const cache = this.textCache(options);
    // A layout of its own: the iterable of sentences may call this model's `score` meanwhile.
    const layout = new BatchLayout(this.parts.order, LOADED_BATCH, endsOf(options));
    const { onProgress, signal } = options;
    for (const sentence of sentences) {
      checkAborted(signal, 'scoring');
      tellSentences(sum, onProgress);
      const { tokens } = this.reading(this.surface(sentence));
      const isSkipped = this.isSkipped(tokens);
      addSentence(sum, sentence, this.parts, isSkipped);
      if (isSkipped) continue;
      const ids = withEnd(Uint32Array.from(tokens, token => this.words.idOf(token)));
      runAtOnce(this.addPiece(this.scorer, layout, ids, sum, cache));
      addSpellings(sum, tokens, ids, this.words);
    }
    return sum.figures();
  }

  /**
   * Ends the threads that were started to score files. All calls from then on, and files that are being scored, are refused with
   * KNESER_CLOSED. Closing a second time has no effect. The memory of the tables is freed when nothing refers to the model.
   */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.resolve();
  }

  /** As {@link close}: `await using model = …` closes the model at the end of the block. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /**
   * log10 p(token | history).
   *
   * @param token a word, or `</s>`.
   * @param history the words before it, oldest first; it begins with `<s>` if it begins a sentence. `</s>` in it is an unknown word, as in
   *   `score` and `distribution`; only `extend` begins a new sentence after it.
   * @example
   * ```ts
   * import { LanguageModel } from 'kneser';
   *
   * const model = await LanguageModel.open('model');
   * const loaded = await model.load();
   * console.log(loaded.log10Prob('jury', ['<s>', 'The']));
   * await model.close();
   * ```
   */
  log10Prob(token: string, history: readonly string[] = []): number {
    checkHistory('history', history);
    let state = this.start({ start: history[0] === BOS_WORD });
    const words = history[0] === BOS_WORD ? history.slice(1) : history;
    for (const word of words.slice(-this.parts.order)) state = this.#stateAfter(state, this.#id(word));
    return this.extend(state, token).log10Prob;
  }

  /**
   * The state at the beginning of a sentence: after `<s>`, or with `{start: false}` after an empty history.
   *
   * @example
   * ```ts
   * import { LanguageModel } from 'kneser';
   *
   * const model = await LanguageModel.open('model');
   * const loaded = await model.load();
   * const first = loaded.extend(loaded.start(), 'The'); // p(The | <s>)
   * const anywhere = loaded.extend(loaded.start({ start: false }), 'The'); // p(The)
   * console.log(first.log10Prob, anywhere.log10Prob);
   * await model.close();
   * ```
   */
  start(options: Pick<ScoreOptions, 'start'> = {}): State {
    this.checkOpen();
    checkOptions('start', options, START_OPTIONS);
    const isHistory = (options.start ?? true) && this.parts.order > 1;
    return stateOf(Uint32Array.of(...(isHistory ? [BOS] : [])), this.info.identity);
  }

  /**
   * Scores a token after a state, and returns the state after the token: for decoders, like KenLM's `State`.
   *
   * @example
   * ```ts
   * import { LanguageModel } from 'kneser';
   *
   * const model = await LanguageModel.open('model');
   * const loaded = await model.load();
   * let state = loaded.start();
   * let total = 0;
   * for (const token of ['The', 'jury', '.', '</s>']) {
   *   const scored = loaded.extend(state, token);
   *   total += scored.log10Prob;
   *   state = scored.state;
   * }
   * console.log(total, loaded.score('The jury .').log10Prob); // the same
   * await model.close();
   * ```
   */
  extend(state: State, token: string): Extension {
    this.checkOpen();
    checkState('state', state, this.info.identity);
    const id = this.#id(token);
    const layout = this.#layout;
    layout.reset();
    layout.begin(false);
    for (const word of state.history) layout.pushHistory(word);
    layout.push(id);
    const scores = runAtOnce(this.scorer.score(layout.batch));
    return {
      log10Prob: scores.log10Probs[0],
      matched: scores.matched[0],
      oov: layout.batch.oov[0] === 1,
      state: id === EOS ? this.start() : this.#shortened(this.#stateAfter(state, id), layout.batch.targets[0]),
    };
  }

  protected override checkOpen(): void {
    if (this.#closed) throw closedError(this.parts.store.name);
  }

  /** The state after one more word, with the last order − 1 words. */
  #stateAfter(state: State, id: number): State {
    const reach = this.parts.order - 1;
    const word = id === NOT_IN_VOCABULARY || id === EOS ? UNK : id;
    const history = Uint32Array.of(...state.history, word).slice(-reach || state.history.length + 1);
    return stateOf(history, this.info.identity);
  }

  /**
   * A state without the words that no later probability can depend on, because the model has no context that reaches so far back. In a
   * mixture all words stay, because patterns that skip nearer words use them.
   *
   * @param position where the last word of the state is in the ids of the batch that was scored last.
   */
  #shortened(state: State, position: number): State {
    const { history } = state;
    const { tables, hasSuffixContexts } = this.#scoring;
    if (!hasSuffixContexts) return state;
    let length = history.length;
    while (length > 0 && !tables[length].continues(position)) length--;
    return length === history.length ? state : stateOf(history.slice(history.length - length), state.model);
  }

  /** The id of a token to score. @throws KNESER_OPTION for `<s>` */
  #id(token: string): number {
    checkText('token', token);
    if (token === EOS_WORD) return EOS;
    if (token === BOS_WORD) {
      throw new KneserError('KNESER_OPTION', '<s> is never predicted; it may only begin a history');
    }
    return this.words.idOf(token);
  }
}
