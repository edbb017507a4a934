import { availableParallelism, freemem } from 'node:os';
import type { LoadedModel } from './loaded-model.js';
import type { LoadingThreads } from './lookup/loading-threads.js';
import { checkOptions, checkPath } from '../base/check.js';
import { isFromCaller } from '../base/call-back.js';
import { checkAborted, KneserError } from '../base/errors.js';
import { unlessAborted } from '../base/unless-aborted.js';
import {
  FILE_OPTIONS,
  FROM_FILE_OPTIONS,
  LOAD_OPTIONS,
  type FileOptions,
  type FromFileOptions,
  type LoadOptions,
  type OpenOptions,
  type TableReading,
} from './api.js';
import { PagedModel } from './paged-model.js';
import type { ModelParts } from './scoring/parts.js';
import { endsOf, SCORE_EACH_OPTIONS, type Score, type ScoreEachOptions } from './scoring/score.js';
import type { TaskScorer } from './scoring/sentence-scoring.js';
import type { IdSentences, ScoredSentences } from './scoring/text-scoring.js';
import { checkSentences, type Sentence, type Sentences } from '../text/sentences.js';
import type { Reading } from '../text/word-order.js';
import { InOrder } from '../base/in-order.js';
import {
  BLOCK_TASK,
  FILE_TASKS,
  PieceScorer,
  PIPE_TASKS,
  threadsFor,
  WORDS_A_THREAD,
  wholePieces,
} from './scoring/piece-scorer.js';
import type { BlockThreads } from './scoring/block-threads.js';
import { PerplexitySum, type Perplexity, type PieceSum } from './scoring/perplexity.js';
import { tablesOf } from './scoring/parts.js';
import type { TextCache } from '../smoothing/cache/text-cache.js';
import type { SharedStore } from '../store/store.js';
import { BOTH_ENDS } from '../smoothing/batch.js';
import { PieceCutter, sumStretches, type Piece, type TokenScores } from './scoring/pieces.js';
import type { BatchScorer } from './scoring/scorer.js';
import { runAwaiting } from './scoring/steps.js';
import type { TokenScoring } from './token-scoring.js';
import { sumFile } from './sum-file.js';
import { fileSize } from '../text/formats/input.js';

/** Scoring one word from blocks takes about as long as loading this many rows (measured). */
const ROWS_LOADED_A_WORD = 40;
/** The same for a word of a long text that is scored by Kneser-Ney, without scores by token, in batches of a million words. */
const ROWS_LOADED_IN_BATCHES = 5;
/** The same with scores by token, in tasks of some million words. */
const ROWS_LOADED_IN_TASKS = 8;
/** Fewer n-grams are loaded on the calling thread: starting threads would take longer. */
const ROWS_FOR_THREADS = 2e6;

/** A text of fewer words is scored from blocks: importing the code that loads tables would take longer. */
const LEAST_WORDS = 2000;
/** Average bytes per word of English text, with the space after the word. */
const BYTES_A_WORD = 5.5;

/**
 * A model on disk. Opening it reads little; scoring reads the blocks that it needs, and keeps the blocks used last in memory. Any number
 * of processes may have the same model open. Calls may overlap; they are served one after the other. `close` closes the model's files
 * and frees its memory; so does the end of a block in which the model is declared with `await using`.
 *
 * @example
 * ```ts
 * import { LanguageModel } from 'kneser';
 *
 * const model = await LanguageModel.open('model');
 * const { tokens, log10Probs, perplexity } = await model.score('The jury praised the city .');
 * console.log(tokens.length === log10Probs.length, perplexity > 1);
 * await model.close();
 * ```
 */
export class LanguageModel extends PagedModel {
  readonly #reading: TableReading;
  /** Scores pieces on this thread, one at a time. */
  readonly #pieces: PieceScorer;
  #loaded: Promise<LoadedModel> | undefined;
  /** The threads that score from blocks, by how many they are. */
  readonly #threads = new Map<number, Promise<BlockThreads>>();

  /** @internal */
  constructor(parts: ModelParts, options: OpenOptions) {
    super(parts, options);
    this.#reading = options.tables ?? 'auto';
    this.#pieces = new PieceScorer(parts.order, this.scoring);
  }

  /**
   * Opens the model in a folder that `train` made, in a file that `pack` made, or at the web address of such a file. The argument is a
   * path, or an address (`https:`, `http:`, `file:`) as text or `URL`.
   *
   * @throws KneserError: KNESER_INPUT_MISSING, KNESER_INPUT_UNREADABLE, KNESER_IO, KNESER_NOT_A_MODEL, KNESER_UNFINISHED, KNESER_VERSION, KNESER_DAMAGED,
   * KNESER_OPTION for an unknown smoothing, or for weights that the model does not have.
   * @example
   * ```ts
   * import { LanguageModel } from 'kneser';
   *
   * const model = await LanguageModel.open('mixture', { smoothing: 'mkn' });
   * console.log(model.info.smoothing, model.info.tokens);
   * await model.close();
   * ```
   */
  static async open(path: string | URL, options: FromFileOptions = {}): Promise<LanguageModel> {
    if (!(path instanceof URL)) checkPath('path', path);
    checkOptions('open', options, FROM_FILE_OPTIONS);
    const { openModel } = await import('./open-model.js');
    const { store, files } = await openModel(path, options.signal);
    return LanguageModel.fromStore(store, files, options);
  }

  /**
   * The perplexity of a text file of any kind that training takes (`-` is standard input), read as a stream.
   *
   * @throws KneserError: KNESER_INPUT_*, KNESER_LIMIT for a token of more than 64 MB, KNESER_CLOSED, KNESER_ABORTED.
   * @example
   * ```ts
   * import { LanguageModel } from 'kneser';
   *
   * const model = await LanguageModel.open('model');
   * const { perplexity, perplexityExcludingOov, tokens, oov } = await model.perplexityOfFile('test.txt');
   * console.log(perplexity, perplexityExcludingOov, tokens, oov);
   * await model.close();
   * ```
   */
  async perplexityOfFile(path: string, options: FileOptions = {}): Promise<Perplexity> {
    return (await this.sumOfFile(path, options)).figures();
  }

  /** The sum behind {@link perplexityOfFile}, which can be added to the sums of other files. */
  async sumOfFile(path: string, options: FileOptions = {}): Promise<PerplexitySum> {
    this.checkOpen();
    checkPath('path', path);
    checkOptions('perplexityOfFile', options, FILE_OPTIONS);
    const bytes = options.expectedBytes ?? (await fileSize(path));
    const rowsAWord = this.scoring.partWords > 0 && !options.cache ? ROWS_LOADED_IN_BATCHES : ROWS_LOADED_A_WORD;
    if (this.shouldLoad(bytes / BYTES_A_WORD, rowsAWord))
      return (await this.loadOnce(options)).sumOfFile(path, options);
    const cache = this.textCache(options);
    if (cache) return this.#sumWithCache(path, cache, options);
    // The size of a pipe is unknown.
    const expectedWords = bytes > 0 ? bytes / BYTES_A_WORD : Infinity;
    const threads = this.parts.store.shared
      ? (options.threads ?? threadsFor(expectedWords, availableParallelism()))
      : 1;
    const start = (): Promise<PieceScorer> => this.#piecesOnAll(threads);
    // Threads start while the dictionary is read; for a pipe, they start after the first stretch.
    let scorer = expectedWords < Infinity ? await start() : undefined;
    const { signal } = options;
    const words = await unlessAborted(this.allWords(), signal, 'scoring');
    const check = (): void => checkAborted(signal, 'scoring');
    const score = (scorer: PieceScorer, piece: Piece): Promise<PieceSum[]> =>
      unlessAborted(
        this.inTurn(() => scorer.score(piece, check)),
        signal,
        'scoring',
      );
    const total = new PerplexitySum();
    // While the threads score a stretch, the next one is read.
    const scored = new InOrder<PieceSum[]>(1, sums => {
      check();
      for (const sum of sums) total.addPiece(sum);
    });
    // A stretch is as long as memory allows, because each stretch reads the blocks that it needs.
    const cutter = new PieceCutter(this.parts.order, endsOf(options), threads * wholePieces(this.scoring.batchWords));
    return this.whileOpen(async () => {
      let isCold = expectedWords >= WORDS_A_THREAD;
      const sum = await sumFile(path, words, this.parts, options, async ids => {
        this.checkOpen();
        if (isCold) (await this.#threads.get(threads - 1))?.warm(ids);
        isCold = false;
        for (const piece of cutter.push(ids)) {
          scorer ??= await start();
          await scored.push(score(scorer, piece));
        }
      });
      const rest = cutter.rest();
      if (rest) await scored.push(score(scorer ?? this.#pieces, rest));
      await scored.end();
      sum.add(total);
      return sum;
    });
  }

  /** As {@link sumOfFile}, with a cache of the text so far, so that batches are scored one after another. */
  async #sumWithCache(path: string, cache: TextCache, options: FileOptions): Promise<PerplexitySum> {
    const { signal } = options;
    const words = await unlessAborted(this.allWords(), signal, 'scoring');
    const layout = this.layout(Infinity, endsOf(options));
    const check = (): void => checkAborted(signal, 'scoring');
    const score = (sum: PerplexitySum): Promise<void> =>
      unlessAborted(
        this.inTurn(() => runAwaiting(this.addBatch(this.scorer, layout, sum, cache), check)),
        signal,
        'scoring',
      );
    const sum = await sumFile(path, words, this.parts, options, async (ids, sum) => {
      for (const id of ids) {
        layout.push(id);
        if (layout.full) await score(sum);
      }
    });
    await score(sum);
    return sum;
  }

  /**
   * Scores many sentences on several threads, and yields their scores in the order of the sentences: the same scores, to the last bit,
   * as those of {@link score}. Sentences are scored together, from the blocks that they share: the faster they come, the more at a time.
   *
   * @throws KneserError: KNESER_OPTION, KNESER_CLOSED, KNESER_DAMAGED, KNESER_LIMIT for a sentence of more than 4,194,304 tokens.
   * @example
   * ```ts
   * import { LanguageModel } from 'kneser';
   *
   * const model = await LanguageModel.open('model');
   * for await (const { tokens, perplexity } of model.scoreEach(['The jury praised the city .', 'It was late .'])) {
   *   console.log(tokens.length, perplexity);
   * }
   * await model.close();
   * ```
   */
  async *scoreEach(sentences: Sentences, options: ScoreEachOptions = {}): AsyncGenerator<Score, void, void> {
    this.checkOpen();
    checkSentences(sentences);
    checkOptions('scoreEach', options, SCORE_EACH_OPTIONS);
    const scorer = await this.#taskScorer(options.threads ?? availableParallelism());
    const words = await this.allWords();
    const { numbered, scoreSentences } = await import('./scoring/sentence-scoring.js');
    const readingOf = (sentence: Sentence): Reading => {
      this.checkOpen();
      return this.reading(this.wholeSentence(sentence));
    };
    yield* scoreSentences(numbered(sentences, words, readingOf), endsOf(options), scorer);
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
    const pieces = await this.#piecesOnAll(options.threads ?? availableParallelism());
    const scoreTokens = (piece: Piece): Promise<TokenScores> => this.inTurn(() => pieces.scoreTokens(piece));
    const { scoreText } = await import('./scoring/text-scoring.js');
    yield* scoreText(sentences, endsOf(options), { ...PIPE_TASKS, scoreTokens });
  }

  /**
   * Scores whole sentences token by token: from blocks, or, if the text is long enough, from tables in memory (as {@link sumOfFile}).
   *
   * @param bytes the size of the text; `undefined` if it is unknown.
   * @internal
   */
  async tokenScoring(bytes: number | undefined, threads?: number, options: LoadOptions = {}): Promise<TokenScoring> {
    this.checkOpen();
    const expectedWords = bytes === undefined ? undefined : bytes / BYTES_A_WORD;
    const rowsAWord = this.scoring.partWords > 0 ? ROWS_LOADED_IN_TASKS : ROWS_LOADED_A_WORD;
    if (this.shouldLoad(expectedWords ?? 0, rowsAWord)) return (await this.loadOnce(options)).tokenScoring(threads);
    const count = threads ?? availableParallelism();
    const isLong = (words: number): boolean => threads !== undefined || threadsFor(words, count) > 1;
    // Threads start while the dictionary is read; for a text of unknown size, when a task is long enough for them.
    let all = isLong(expectedWords ?? 0) ? await this.#piecesOnAll(count) : undefined;
    const words = await this.allWords();
    const score: TokenScoring['score'] = async (ids, cache) => {
      if (!cache && isLong(ids.length)) all ??= await this.#piecesOnAll(count);
      const pieces = cache ? this.#pieces : (all ?? this.#pieces);
      return this.inTurn(() => pieces.scoreTokens({ ids, history: 0, ends: BOTH_ENDS }, cache));
    };
    return {
      words,
      parts: this.parts,
      ...(bytes === undefined ? PIPE_TASKS : FILE_TASKS),
      score,
      sums: async (ids, ends) => sumStretches(await score(ids), ends),
      spreads: ids => this.spreadsOfIds(ids),
    };
  }

  /** Whether loading the tables and then scoring `words` words is faster than scoring the words from blocks, and memory has room for the tables. */
  shouldLoad(words: number, rowsAWord = ROWS_LOADED_A_WORD): boolean {
    if (this.#reading !== 'auto') return this.#reading === 'load';
    return (
      words > Math.max(LEAST_WORDS, this.#tableRows / rowsAWord) && this.canLoad && this.loadedBytes < freemem() / 2
    );
  }

  override async load(options: LoadOptions = {}): Promise<LoadedModel> {
    checkOptions('load', options, LOAD_OPTIONS);
    return this.whileOpen(async () => {
      const [words, { LoadedModel }] = await Promise.all([this.allWords(), import('./loaded-model.js')]);
      const threads = await this.#loadingThreads();
      try {
        return await LoadedModel.load(this.parts, words, options, threads);
      } finally {
        await threads?.close();
      }
    }, options.signal);
  }

  /** Threads that load the tables, where these have so many n-grams that starting threads pays. */
  async #loadingThreads(): Promise<LoadingThreads | undefined> {
    const threads = availableParallelism();
    const { shared, name } = this.parts.store;
    if (!shared || threads === 1 || this.#tableRows < ROWS_FOR_THREADS) return undefined;
    const { LoadingThreads } = await import('./lookup/loading-threads.js');
    return new LoadingThreads(threads, shared, name);
  }

  /** Number of n-grams of the tables in use. */
  get #tableRows(): number {
    return tablesOf(this.parts).reduce((sum, table) => sum + table.manifest.rows, 0);
  }

  /** @internal The model with its tables in memory: loaded at the first call, shared by all later calls, and closed with this model. */
  async loadOnce({ onProgress, signal }: LoadOptions): Promise<LoadedModel> {
    const isFirst = this.#loaded === undefined;
    const loading = (this.#loaded ??= this.load({ onProgress, signal }));
    try {
      return await (isFirst ? loading : unlessAborted(loading, signal, 'loading'));
    } catch (error) {
      // A call that waits for the load of another one stops alone.
      if (!isFirst && signal?.aborted) throw error;
      if (this.#loaded === loading) this.#loaded = undefined;
      // The load was started by another call, whose signal or callback ended it: this call starts it again.
      const isInterrupted = isFromCaller(error) || (error instanceof KneserError && error.code === 'KNESER_ABORTED');
      if (isInterrupted && !isFirst) return this.loadOnce({ onProgress, signal });
      throw error;
    }
  }

  /**
   * A scorer of pieces that divides them among threads. Each piece that is under way needs a scorer of its own.
   *
   * @param own scores a share on this thread, one piece at a time; `undefined` if this thread has other work.
   */
  #piecesOn(threads: BlockThreads, own?: BatchScorer): PieceScorer {
    const scorer: BatchScorer = { score: batch => threads.scoreWith(own, batch, this.scoring.partWords) };
    const batchWords = (threads.count + (own ? 1 : 0)) * this.scoring.batchWords;
    return new PieceScorer(this.parts.order, { scorer, batchWords });
  }

  /** A scorer of pieces, one at a time, that divides them among this thread and others. @param threads how many, this one included. */
  async #piecesOnAll(threads: number): Promise<PieceScorer> {
    const { shared } = this.parts.store;
    if (!shared || threads === 1) return this.#pieces;
    return this.#piecesOn(await this.#startThreads(threads - 1, shared), this.scorer);
  }

  /** Scores pieces token by token on `count` threads that read blocks; if the store cannot be shared, on this thread, one piece at a time. */
  async #taskScorer(count: number): Promise<TaskScorer> {
    const { shared } = this.parts.store;
    const threads = shared && (await this.#startThreads(count, shared));
    return {
      count: threads?.count ?? 1,
      mostTasks: threads ? threads.count + 1 : 1,
      taskTokens: BLOCK_TASK,
      scoreTokens: piece =>
        threads ? this.#piecesOn(threads).scoreTokens(piece) : this.inTurn(() => this.#pieces.scoreTokens(piece)),
    };
  }

  /** Starts `count` threads that score from blocks, or returns the threads that an earlier call started. */
  #startThreads(count: number, store: SharedStore): Promise<BlockThreads> {
    let threads = this.#threads.get(count);
    if (!threads) {
      const { manifest, order, smoothing, words, clusterings, modelM, weights } = this.parts;
      const plan = {
        manifest,
        order,
        smoothing,
        words,
        clusterings,
        modelM,
        weights,
        store,
        blockMemory: this.scoring.blockMemory,
      };
      threads = import('./scoring/block-threads.js').then(
        ({ BlockThreads }) => new BlockThreads(count, plan, this.parts.store.name),
      );
      this.#threads.set(count, threads);
    }
    return threads;
  }

  protected override async closeResources(): Promise<void> {
    for (const threads of this.#threads.values()) await (await threads).close();
    await super.closeResources();
    const loaded = await this.#loaded?.catch(() => undefined);
    await loaded?.close();
  }
}
