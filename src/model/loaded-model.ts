import { availableParallelism } from 'node:os';
import { checkOptions, checkPath } from '../base/check.js';
import { closedError } from '../base/errors.js';
import type { AnsweringThreads } from '../base/node/answering-thread.js';
import { FILE_OPTIONS, type FileOptions } from './api.js';
import { BatchLayout, BOTH_ENDS } from '../smoothing/batch.js';
import { MemoryModel } from './memory-model.js';
import { LOADED_BATCH } from './lookup/loaded-table.js';
import type { TokenSpreads } from './prediction/token-spreads.js';
import { FIRST_PIECES, PIECES_A_THREAD, PieceScoring } from './scoring/piece-scoring.js';
import { PieceCutter, scoreTokens, sumStretches, tokenScores, type Piece } from './scoring/pieces.js';
import { PIECE_WORDS, type Perplexity, type PerplexitySum } from './scoring/perplexity.js';
import { endsOf, SCORE_EACH_OPTIONS, type Score, type ScoreEachOptions } from './scoring/score.js';
import { runAtOnce } from './scoring/steps.js';
import type { IdSentences, ScoredSentences } from './scoring/text-scoring.js';
import type { LoadedThreads } from './scoring/loaded-threads.js';
import { checkSentences, type Sentence, type Sentences } from '../text/sentences.js';
import type { Reading } from '../text/word-order.js';
import { sumFile } from './sum-file.js';
import type { TokenScoring } from './token-scoring.js';

/**
 * A model with whole tables in memory: its methods return results, not promises. {@link LanguageModel.load} makes it; it stays
 * valid when that model is closed.
 *
 * @example
 * ```ts
 * import { LanguageModel } from 'kneser';
 *
 * const model = await LanguageModel.open('model');
 * const loaded = await model.load();
 * await model.close();
 * console.log(loaded.score('The jury praised the city .').perplexity);
 * console.log((await loaded.perplexityOfFile('test.txt')).perplexity);
 * await loaded.close();
 * ```
 */
export class LoadedModel extends MemoryModel {
  /** The scoring threads that were started, by how many they are. */
  readonly #threads = new Map<number, Promise<LoadedThreads>>();
  /** The threads that compute distributions, by how many they are. */
  readonly #spreadThreads = new Map<number, Promise<AnsweringThreads<Uint32Array, TokenSpreads>>>();

  /** As {@link LanguageModel.perplexityOfFile}. */
  async perplexityOfFile(path: string, options: FileOptions = {}): Promise<Perplexity> {
    return (await this.sumOfFile(path, options)).figures();
  }

  /** The sum behind {@link perplexityOfFile}, which can be added to the sums of other files. */
  async sumOfFile(path: string, options: FileOptions = {}): Promise<PerplexitySum> {
    this.checkOpen();
    checkPath('path', path);
    checkOptions('perplexityOfFile', options, FILE_OPTIONS);
    const { order } = this.parts;
    const ends = endsOf(options);
    const layout = new BatchLayout(order, LOADED_BATCH, ends);
    const cache = this.textCache(options);
    if (cache) {
      return sumFile(path, this.words, this.parts, options, (ids, sum) => {
        this.checkOpen();
        runAtOnce(this.addPiece(this.scorer, layout, ids, sum, cache));
        return Promise.resolve();
      });
    }
    const cutter = new PieceCutter(order, ends);
    const threads = options.threads ?? availableParallelism();
    const scoring = new PieceScoring(
      this.scorer,
      layout,
      threads > 1 ? async start => (start ? this.#startThreads(threads) : this.#threads.get(threads)) : undefined,
    );
    const sum = await sumFile(path, this.words, this.parts, options, async ids => {
      this.checkOpen();
      for (const piece of cutter.push(ids)) await scoring.add(piece);
    });
    const rest = cutter.rest();
    if (rest) await scoring.add(rest);
    sum.add(await scoring.end());
    return sum;
  }

  /**
   * Scores many sentences on several threads, and yields their scores in the order of the sentences: the same scores, to the last bit,
   * as those of {@link LoadedModel.score}.
   *
   * @throws KneserError: KNESER_OPTION, KNESER_CLOSED.
   * @example
   * ```ts
   * import { LanguageModel } from 'kneser';
   *
   * const model = await LanguageModel.open('model');
   * const loaded = await model.load();
   * for await (const { tokens, perplexity } of loaded.scoreEach(['The jury praised the city .', 'It was late .'])) {
   *   console.log(tokens.length, perplexity);
   * }
   * await loaded.close(); // ends the threads
   * await model.close();
   * ```
   */
  async *scoreEach(sentences: Sentences, options: ScoreEachOptions = {}): AsyncGenerator<Score, void, void> {
    this.checkOpen();
    checkSentences(sentences);
    checkOptions('scoreEach', options, SCORE_EACH_OPTIONS);
    const threads = await this.#startThreads(options.threads ?? availableParallelism());
    const { numbered, scoreSentences } = await import('./scoring/sentence-scoring.js');
    const readingOf = (sentence: Sentence): Reading => {
      this.checkOpen();
      return this.reading(this.wholeSentence(sentence));
    };
    yield* scoreSentences(numbered(sentences, this.words, readingOf), endsOf(options), threads);
  }

  /**
   * As {@link scoreEach}, for sentences given as ids: neither sentences nor scores become strings or objects.
   *
   * @internal
   */
  async *scoreText(
    sentences: AsyncIterable<IdSentences>,
    options: ScoreEachOptions = {},
  ): AsyncGenerator<ScoredSentences, void, void> {
    this.checkOpen();
    const threads = await this.#startThreads(options.threads ?? availableParallelism());
    const { scoreText } = await import('./scoring/text-scoring.js');
    yield* scoreText(sentences, endsOf(options), threads);
  }

  /**
   * Scores whole sentences token by token: the first sentences on this thread, later ones on several threads.
   *
   * @internal
   */
  tokenScoring(threads = availableParallelism()): TokenScoring {
    const layout = new BatchLayout(this.parts.order, LOADED_BATCH);
    let tasks = 0;
    const running = async (): Promise<LoadedThreads | undefined> => {
      this.checkOpen();
      return threads > 1 && tasks++ >= FIRST_PIECES ? this.#startThreads(threads) : undefined;
    };
    const pieceOf = (ids: Uint32Array): Piece => ({ ids, history: 0, ends: BOTH_ENDS });
    return {
      words: this.words,
      parts: this.parts,
      count: threads,
      mostTasks: threads > 1 ? threads * PIECES_A_THREAD : 1,
      taskTokens: PIECE_WORDS,
      score: async (ids, cache) => {
        if (cache) {
          this.checkOpen();
          return runAtOnce(tokenScores(this.scorer, layout, pieceOf(ids), cache));
        }
        return (await running())?.scoreTokens(pieceOf(ids)) ?? scoreTokens(this.scorer, layout, pieceOf(ids));
      },
      sums: async (ids, ends) =>
        (await running())?.sumStretches(pieceOf(ids), ends) ??
        sumStretches(scoreTokens(this.scorer, layout, pieceOf(ids)), ends),
      spreads: async ids => {
        this.checkOpen();
        if (threads === 1) return this.spreadsOfIds(ids);
        return (await this.#startSpreadThreads(threads)).ask(ids);
      },
    };
  }

  override async close(): Promise<void> {
    await super.close();
    const predicting = [...this.#spreadThreads.values()];
    this.#spreadThreads.clear();
    for (const threads of predicting) await (await threads).close(closedError(this.parts.store.name));
    const started = [...this.#threads.values()];
    this.#threads.clear();
    for (const threads of started) await (await threads).close();
  }

  /** Starts `count` threads that compute distributions, or returns the threads that an earlier call started. */
  #startSpreadThreads(count: number): Promise<AnsweringThreads<Uint32Array, TokenSpreads>> {
    let threads = this.#spreadThreads.get(count);
    if (!threads) {
      threads = import('./prediction/spread-threads.js').then(({ startSpreadThreads }) =>
        startSpreadThreads(count, this.plan),
      );
      this.#spreadThreads.set(count, threads);
    }
    return threads;
  }

  /** Starts `count` scoring threads, or returns the threads that an earlier call started. */
  #startThreads(count: number): Promise<LoadedThreads> {
    let threads = this.#threads.get(count);
    if (!threads) {
      threads = import('./scoring/loaded-threads.js').then(
        ({ LoadedThreads }) => new LoadedThreads(count, this.plan, this.parts.store.name),
      );
      this.#threads.set(count, threads);
    }
    return threads;
  }
}
