import { freemem } from 'node:os';
import { KneserError } from '../errors.js';
import type { BlendEvidence } from '../smooth/blend.js';
import { estimateDiscounts } from '../smooth/discounts.js';
import type { TuneReport } from '../smooth/weights.js';
import type { Manifest } from '../store/manifest.js';
import type { ModelStore } from '../store/store.js';
import { fileSize } from '../text/input.js';
import { splitTokens, type Sentence, type Sentences } from '../text/sentences.js';
import { countCharacters } from '../text/surface.js';
import { BOS, BOS_WORD, EOS, EOS_WORD, UNK } from '../text/tokens.js';
import { BatchLayout, type Batch } from './batch.js';
import { BlockReader } from './block-reader.js';
import { TextCache } from './cache.js';
import { FIELDS } from './evidence.js';
import { LOADED_BATCH, LoadedTable, loadedBytes } from './loaded-table.js';
import { PagedTable } from './paged-table.js';
import {
  readParts,
  type ModelFiles,
  type ModelParts,
  type Smoothing,
  type SmoothingOptions,
  type TablePart,
} from './parts.js';
import { PerplexitySum, type Perplexity } from './perplexity.js';
import { emptyEvidence, runAtOnce, runAwaiting, Scorer, type TableStream } from './scorer.js';
import { readIds } from './text-reader.js';
import { LoadedWords, OUTSIDE, PagedWords } from './words.js';

/** Bytes of decoded blocks that a model keeps unless told otherwise. */
const DEFAULT_BLOCK_MEMORY = 128 << 20;
/** Words of a batch when blocks are read as they are needed: each block is read once a batch, so a large one pays. */
const PAGED_BATCH = 1 << 19;
/** Numbers of evidence that such a batch may come to: with many patterns it is smaller. */
const PAGED_EVIDENCE = 1 << 26;
/** Loading a row takes about this part of the time that scoring a word from blocks takes. */
const ROWS_LOADED_A_WORD = 130;
/** English text has about so many bytes a word, its space counted. */
const BYTES_A_WORD = 5.5;

const encoder = new TextEncoder();

/** How to open a model. */
export interface OpenOptions extends SmoothingOptions {
  /** Bytes of decoded blocks to keep in memory. Default 128 MiB. Has no effect on a loaded model. */
  readonly blockMemory?: number;
  /** Whether files are scored from whole tables in memory. Default `auto`: where that is faster and memory allows it. */
  readonly tables?: TableReading;
}

/** `page` reads blocks as they are needed, `load` reads whole tables first, `auto` chooses by the length of the text. */
export type TableReading = 'auto' | 'page' | 'load';

/** How a text is scored. */
export interface TextOptions {
  /**
   * Mixes in a cache of the text so far, which begins empty with each text. For running text: with it sentences depend on
   * the ones before. Needs tuned weights. Default false.
   */
  readonly cache?: boolean;
}

/** How a file is scored, and who is told about it. */
export interface FileOptions extends TextOptions {
  /** Bytes of text that are going to be scored, where the file is one of several. Default: the file's size. */
  readonly expectedBytes?: number;
  /** Told how many bytes were read from the disk, each time. */
  readonly onRead?: (bytes: number) => void;
  /** Told which share of the tables, 0 to 1, has been loaded. */
  readonly onLoad?: (share: number) => void;
}

/** How to score a sentence. */
export interface ScoreOptions {
  /** Whether the text begins a sentence: `<s>` stands before it. Default true. */
  readonly start?: boolean;
  /** Whether the text ends a sentence: `</s>` is scored after it. Default true. */
  readonly end?: boolean;
  /** The running text that the sentence belongs to, from `createCache`; the sentence becomes part of it. */
  readonly cache?: TextCache | undefined;
}

/** A scored sentence. All arrays have one entry a token; the last token is `</s>` unless that was left out. */
export interface Score {
  /** As they are in the text, after lower-casing where the model does that. */
  readonly tokens: string[];
  /** log10 p(token | history). */
  readonly log10Probs: Float64Array;
  /** The length of the longest n-gram found ending at the token, 1 for a token outside the vocabulary. */
  readonly matched: Uint8Array;
  /** Whether the token is outside the vocabulary. */
  readonly oov: boolean[];
  /** Σ log10 p. */
  readonly log10Prob: number;
  /** 10^(−log10Prob / tokens); `null` where there is no token. */
  readonly perplexity: number | null;
}

/** The score of one token. */
export interface TokenScore {
  readonly log10Prob: number;
  readonly matched: number;
  readonly oov: boolean;
}

/** A table of a model, as {@link ModelInfo} has it. */
export interface TableInfo {
  /** Kept and skipped positions, oldest first, target last: `111` are the trigrams, `1_1` those that skip a word. */
  readonly pattern: string;
  /** Distinct n-grams; for order 1 the size of the vocabulary. */
  readonly types: number;
  /** The sum of the counts. */
  readonly tokens: number;
  /** D1, D2, D3+. */
  readonly discounts: readonly [number, number, number];
  /** Whether the discounts are the fallback 0.5, 1, 1.5. */
  readonly fallback: boolean;
}

/** What a model says of itself. */
export interface ModelInfo {
  readonly order: number;
  readonly sentences: number;
  /** Tokens of the training text, `</s>` counted. */
  readonly tokens: number;
  /** Types with `</s>` and `<unk>`, without `<s>`. */
  readonly vocabulary: number;
  /** Bytes on disk. */
  readonly bytes: number;
  readonly tables: readonly TableInfo[];
  /** The version of the model format. */
  readonly version: number;
  /** ISO 8601. */
  readonly created: string;
  readonly options: Manifest['options'];
  /** How this opening of the model smooths its counts. */
  readonly smoothing: Smoothing;
  /** How many classes its words have; 0 without a class model. */
  readonly classes: number;
  /** The sets of tuned weights that it has, and how each was tuned. */
  readonly weights: readonly ({ readonly name: string } & TuneReport)[];
}

/** What both kinds of model share: everything but where counts come from and when answers come. */
class ModelBase {
  readonly info: ModelInfo;
  /** @internal */
  readonly parts: ModelParts;

  protected constructor(parts: ModelParts) {
    this.parts = parts;
    const { manifest, bytes, created } = parts;
    this.info = {
      order: manifest.order,
      sentences: manifest.sentences,
      tokens: manifest.tokens,
      vocabulary: manifest.vocabulary,
      bytes,
      tables: manifest.tables.map(table => {
        const { values, fallback } = estimateDiscounts(table.countsOfCounts);
        const types = table.pattern === '1' ? manifest.vocabulary : table.rows;
        return { pattern: table.pattern, types, tokens: table.tokens, discounts: values, fallback };
      }),
      version: manifest.format,
      created,
      options: manifest.options,
      smoothing: parts.smoothing,
      classes: manifest.classes,
      weights: [...parts.weightSets].map(([name, { report }]) => ({ name, ...report })),
    };
  }

  /**
   * A running text that has not begun: pass it to each `score` of its sentences.
   *
   * @throws KNESER_OPTION where the model has no tuned weights.
   */
  createCache(): TextCache {
    const { weights, manifest, store } = this.parts;
    if (!weights) {
      throw new KneserError(
        'KNESER_OPTION',
        `${store.name}: a cache needs tuned weights, and none are in use; make some with kneser tune`,
      );
    }
    return new TextCache(manifest.vocabulary + 2, weights.cache);
  }

  /** The tokens of a sentence as the model reads them. */
  protected surface(sentence: Sentence): string[] {
    const tokens = typeof sentence === 'string' ? splitTokens(sentence) : [...sentence];
    return this.parts.manifest.options.lowercase ? tokens.map(token => token.toLowerCase()) : tokens;
  }

  protected isSkipped(tokens: readonly string[]): boolean {
    return tokens.length === 0 && this.parts.manifest.options.skipBlank;
  }

  /** Scores a sentence whose ids are known. */
  protected *scoreIds(
    scorer: Scorer,
    layout: BatchLayout,
    tokens: string[],
    ids: ArrayLike<number>,
    options: ScoreOptions,
  ): Generator<Promise<void>, Score, void> {
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
      const scores = yield* scorer.score(layout.batch, options.cache);
      for (let t = 0; t < layout.batch.length; t++, done++) {
        log10Probs[done] = scores.log10Probs[t];
        matched[done] = scores.matched[t];
        oov[done] = layout.batch.oov[t] === 1;
        log10Prob += scores.log10Probs[t];
      }
      layout.clear();
    }
    if (withEnd) tokens.push(EOS_WORD);
    const perplexity = length > 0 ? 10 ** (-log10Prob / length) : null;
    return { tokens, log10Probs, matched, oov, log10Prob, perplexity };
  }

  /** Adds the scores of a piece of a text; `layout` carries the history from piece to piece. */
  protected *addPiece(
    scorer: Scorer,
    layout: BatchLayout,
    ids: Uint32Array,
    sum: PerplexitySum,
    cache: TextCache | undefined,
  ): Generator<Promise<void>, void, void> {
    for (let i = 0; i < ids.length; i++) {
      layout.push(ids[i]);
      if (ids[i] === EOS) sum.sentences++;
      if (!layout.full && i + 1 < ids.length) continue;
      const scores = yield* scorer.score(layout.batch, cache);
      const { oov, length } = layout.batch;
      for (let t = 0; t < length; t++) {
        sum.log10Prob += scores.log10Probs[t];
        if (oov[t] === 1) {
          sum.oov++;
          sum.oovLog10Prob += scores.log10Probs[t];
        }
      }
      sum.tokens += length;
      layout.clear();
    }
  }

  /** Bytes that all tables take in memory when loaded. */
  get loadedBytes(): number {
    const { words, classes } = this.parts;
    return streamBytes(words) + streamBytes(classes);
  }

  protected textCache(options: TextOptions): TextCache | undefined {
    return options.cache ? this.createCache() : undefined;
  }
}

/**
 * A model on disk. Opening it reads little; scoring reads the blocks it needs, and keeps the ones used last. Any number
 * of processes may have the same model open. Calls may overlap; they are served in turn.
 *
 * @example
 * const model = await LanguageModel.open('model');
 * const { log10Probs, perplexity } = await model.score('the cat sat');
 * await model.close();
 */
export class LanguageModel extends ModelBase {
  private readonly wordStream: TableStream;
  private readonly classStream: TableStream | undefined;
  private readonly scorer: Scorer;
  private readonly batchWords: number;
  private readonly words: PagedWords;
  private loadedWords: Promise<LoadedWords> | undefined;
  private turn: Promise<unknown> = Promise.resolve();
  private loaded: Promise<LoadedModel> | undefined;
  private readonly reading: TableReading;
  private closed = false;

  private constructor(parts: ModelParts, options: OpenOptions) {
    super(parts);
    const { store, manifest, wordClasses } = parts;
    const reader = new BlockReader(store, options.blockMemory ?? DEFAULT_BLOCK_MEMORY);
    this.wordStream = { tables: pagedTables(reader, parts.words) };
    this.classStream = wordClasses && { tables: pagedTables(reader, parts.classes), classOf: wordClasses.of };
    const tables = parts.words.length + parts.classes.length;
    this.batchWords = Math.min(PAGED_BATCH, Math.floor(PAGED_EVIDENCE / (tables * FIELDS)));
    this.scorer = new Scorer(this.wordStream, this.classStream, parts.createBlend(), this.batchWords);
    this.words = new PagedWords(store, manifest);
    this.reading = options.tables ?? 'auto';
  }

  /**
   * Opens the model in a folder that `train` made.
   *
   * @throws KneserError: KNESER_INPUT_MISSING, KNESER_NOT_A_MODEL, KNESER_UNFINISHED, KNESER_VERSION, KNESER_DAMAGED,
   * KNESER_OPTION for weights that the model does not have.
   */
  static async open(path: string, options: OpenOptions = {}): Promise<LanguageModel> {
    const { openFolder } = await import('../store/folder.js');
    const { store, files } = await openFolder(path);
    return LanguageModel.fromStore(store, files, options);
  }

  /**
   * Opens the model in a store, which is closed with it.
   *
   * @internal
   */
  static async fromStore(store: ModelStore, files: ModelFiles, options: OpenOptions = {}): Promise<LanguageModel> {
    try {
      return new LanguageModel(await readParts(store, files, options), options);
    } catch (error) {
      await store.close();
      throw error;
    }
  }

  /**
   * Scores a sentence: text whose tokens are separated by white space, or its tokens.
   *
   * @throws KneserError: KNESER_CLOSED, KNESER_DAMAGED.
   */
  async score(sentence: Sentence, options: ScoreOptions = {}): Promise<Score> {
    const tokens = this.surface(sentence);
    return this.inTurn(async () => {
      const ids = await this.words.idsOf(tokens);
      return runAwaiting(this.scoreIds(this.scorer, this.layout(tokens.length + 1), tokens, ids, options));
    });
  }

  /** The perplexity of sentences, which are one text. */
  async perplexity(sentences: Sentences, options: TextOptions = {}): Promise<Perplexity> {
    const sum = new PerplexitySum();
    const cache = this.textCache(options);
    for await (const sentence of sentences) {
      const tokens = this.surface(sentence);
      if (this.isSkipped(tokens)) continue;
      await this.inTurn(async () => {
        const ids = withEnd(await this.words.idsOf(tokens));
        await runAwaiting(this.addPiece(this.scorer, this.layout(tokens.length + 1), ids, sum, cache));
      });
      addLength(sum, sentence);
    }
    return sum.figures();
  }

  /**
   * The perplexity of a text file (a sentence a line; `.gz` is gunzipped; `-` is standard input), read as a stream.
   *
   * @throws KneserError: KNESER_INPUT_*.
   */
  async perplexityOfFile(path: string, options: FileOptions = {}): Promise<Perplexity> {
    return (await this.sumOfFile(path, options)).figures();
  }

  /** As {@link perplexityOfFile}, to be added up over files. */
  async sumOfFile(path: string, options: FileOptions = {}): Promise<PerplexitySum> {
    const bytes = options.expectedBytes ?? (await fileSize(path));
    if (this.shouldLoad(bytes / BYTES_A_WORD)) {
      this.loaded ??= this.load(options.onLoad);
      return (await this.loaded).sumOfFile(path, options);
    }
    const words = await this.allWords();
    const cache = this.textCache(options);
    return sumFile(path, words, this.parts.manifest, this.layout(Infinity), options, (layout, ids, sum) =>
      this.inTurn(() => runAwaiting(this.addPiece(this.scorer, layout, ids, sum, cache))),
    );
  }

  /** Whether it pays to {@link load} the tables for so many words, and memory allows it. */
  shouldLoad(words: number): boolean {
    if (this.reading !== 'auto') return this.reading === 'load';
    const { words: wordTables, classes } = this.parts;
    const rows = [...wordTables, ...classes].reduce((sum, table) => sum + table.manifest.rows, 0);
    return words > rows / ROWS_LOADED_A_WORD && this.loadedBytes < freemem() / 2;
  }

  /**
   * Reads all tables into memory: the same methods, answered at once, and many times as fast. This model stays open.
   *
   * @param onProgress told which share of the tables, 0 to 1, has been read.
   */
  async load(onProgress?: (share: number) => void): Promise<LoadedModel> {
    this.checkOpen();
    return LoadedModel.load(this.parts, await this.allWords(), onProgress);
  }

  /**
   * The evidence of a batch of any size, in memory: what tuning learns from.
   *
   * @internal
   */
  async evidence(batch: Batch): Promise<BlendEvidence> {
    const evidence = emptyEvidence(this.wordStream, this.classStream, batch.length);
    await this.inTurn(() => runAwaiting(this.scorer.gather(batch, evidence)));
    return evidence;
  }

  /** Gives back everything the model holds open. Closing twice is fine. */
  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    await this.turn.catch(() => undefined);
    await this.parts.store.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** Room for so many words, or for a full batch. */
  private layout(words: number): BatchLayout {
    return new BatchLayout(this.parts.manifest.order, Math.min(this.batchWords, words));
  }

  /** @internal */
  allWords(): Promise<LoadedWords> {
    this.checkOpen();
    this.loadedWords ??= LoadedWords.load(this.parts.store, this.parts.manifest).catch((error: unknown) => {
      this.loadedWords = undefined;
      throw error;
    });
    return this.loadedWords;
  }

  private checkOpen(): void {
    if (this.closed) throw new KneserError('KNESER_CLOSED', `${this.parts.store.name}: this model was closed`);
  }

  /** The tables' scratch space serves one call at a time. */
  private inTurn<T>(act: () => Promise<T>): Promise<T> {
    this.checkOpen();
    const result = this.turn.then(act, act);
    this.turn = result;
    return result;
  }
}

/** Where a decoder stands in a sentence: the words that the next one depends on. Never changes. */
export interface State {
  /** The nearest words, oldest first, at most order − 1; only ids. */
  readonly history: Uint32Array;
}

/** What {@link LoadedModel.extend} returns. */
export interface Extension extends TokenScore {
  readonly state: State;
}

/**
 * A model with its tables whole in memory: everything is answered at once. Made by {@link LanguageModel.load}, and
 * independent of it from then on.
 */
export class LoadedModel extends ModelBase {
  private readonly layout: BatchLayout;

  private constructor(
    parts: ModelParts,
    private readonly words: LoadedWords,
    private readonly scorer: Scorer,
  ) {
    super(parts);
    this.layout = new BatchLayout(parts.manifest.order, LOADED_BATCH);
  }

  /** @internal Use {@link LanguageModel.load}. */
  static async load(parts: ModelParts, words: LoadedWords, onProgress?: (share: number) => void): Promise<LoadedModel> {
    const { wordClasses } = parts;
    const all = [...parts.words, ...parts.classes].reduce((sum, { manifest }) => sum + manifest.rows, 0);
    let done = 0;
    const load = async (tables: readonly TablePart[]): Promise<LoadedTable[]> => {
      const loaded: LoadedTable[] = [];
      for (const [index, { manifest, pattern, parent }] of tables.entries()) {
        const children = tables.filter(other => other.parent === index).length;
        const { rows, contexts } = manifest;
        const above = parent < 0 ? undefined : loaded[parent];
        const table = new LoadedTable(manifest.pattern, pattern, index, above, children, contexts, rows);
        await table.load(parts.store, read => onProgress?.(Math.min(1, (done + read) / all)));
        done += rows;
        loaded.push(table);
      }
      return loaded;
    };
    const wordStream = { tables: await load(parts.words) };
    const classStream = wordClasses && { tables: await load(parts.classes), classOf: wordClasses.of };
    return new LoadedModel(parts, words, new Scorer(wordStream, classStream, parts.createBlend(), LOADED_BATCH));
  }

  /** As {@link LanguageModel.score}. */
  score(sentence: Sentence, options: ScoreOptions = {}): Score {
    const tokens = this.surface(sentence);
    const ids = tokens.map(token => this.words.idOf(token));
    return runAtOnce(this.scoreIds(this.scorer, this.layout, tokens, ids, options));
  }

  /** As {@link LanguageModel.perplexity}. */
  perplexity(sentences: Iterable<Sentence>, options: TextOptions = {}): Perplexity {
    const sum = new PerplexitySum();
    const cache = this.textCache(options);
    // Its own: whoever makes the sentences may score others meanwhile.
    const layout = new BatchLayout(this.parts.manifest.order, LOADED_BATCH);
    for (const sentence of sentences) {
      const tokens = this.surface(sentence);
      if (this.isSkipped(tokens)) continue;
      const ids = withEnd(Uint32Array.from(tokens, token => this.words.idOf(token)));
      runAtOnce(this.addPiece(this.scorer, layout, ids, sum, cache));
      addLength(sum, sentence);
    }
    return sum.figures();
  }

  /** As {@link LanguageModel.perplexityOfFile}. */
  async perplexityOfFile(path: string, options: FileOptions = {}): Promise<Perplexity> {
    return (await this.sumOfFile(path, options)).figures();
  }

  /** As {@link perplexityOfFile}, to be added up over files. */
  async sumOfFile(path: string, options: FileOptions = {}): Promise<PerplexitySum> {
    const layout = new BatchLayout(this.parts.manifest.order, LOADED_BATCH);
    const cache = this.textCache(options);
    return sumFile(path, this.words, this.parts.manifest, layout, options, (own, ids, sum) => {
      runAtOnce(this.addPiece(this.scorer, own, ids, sum, cache));
      return Promise.resolve();
    });
  }

  /**
   * log10 p(token | history).
   *
   * @param token a word, or `</s>`.
   * @param history the words before it, oldest first; begin it with `<s>` where it begins a sentence.
   * @example loaded.log10Prob('sat', ['<s>', 'the', 'cat'])
   */
  log10Prob(token: string, history: readonly string[] = []): number {
    let state = this.start({ start: history[0] === BOS_WORD });
    const words = history[0] === BOS_WORD ? history.slice(1) : history;
    for (const word of words.slice(-this.parts.manifest.order)) state = this.follow(state, this.id(word));
    return this.extend(state, token).log10Prob;
  }

  /** Where a sentence begins: after `<s>`, or with `{start: false}` after nothing. */
  start(options: Pick<ScoreOptions, 'start'> = {}): State {
    return { history: Uint32Array.of(...((options.start ?? true) ? [BOS] : [])) };
  }

  /**
   * Scores a token after a state, and gives the state after it: for decoders, as KenLM's `State` does.
   *
   * @example
   * let state = loaded.start();
   * for (const token of ['the', 'cat', '</s>']) {
   *   const scored = loaded.extend(state, token);
   *   total += scored.log10Prob;
   *   state = scored.state;
   * }
   */
  extend(state: State, token: string): Extension {
    const id = this.id(token);
    const { layout } = this;
    layout.reset();
    layout.begin(false);
    for (const word of state.history) layout.pushHistory(word);
    layout.push(id);
    const scores = runAtOnce(this.scorer.score(layout.batch));
    return {
      log10Prob: scores.log10Probs[0],
      matched: scores.matched[0],
      oov: layout.batch.oov[0] === 1,
      state: this.follow(state, id),
    };
  }

  private follow(state: State, id: number): State {
    const reach = this.parts.manifest.order - 1;
    if (id === EOS) return this.start();
    const word = id === OUTSIDE ? UNK : id;
    return { history: Uint32Array.of(...state.history, word).slice(-reach || state.history.length + 1) };
  }

  private id(token: string): number {
    if (token === EOS_WORD) return EOS;
    if (token === BOS_WORD) {
      throw new KneserError('KNESER_OPTION', '<s> is never predicted; it may only begin a history');
    }
    return this.words.idOf(token);
  }
}

function pagedTables(reader: BlockReader, parts: readonly TablePart[]): PagedTable[] {
  return parts.map(
    ({ manifest, pattern, parent }, index) => new PagedTable(reader, manifest.pattern, pattern, index, parent),
  );
}

function streamBytes(parts: readonly TablePart[]): number {
  return parts.reduce((sum, { manifest }, index) => {
    const children = parts.filter(other => other.parent === index).length;
    return sum + loadedBytes(manifest.contexts, manifest.rows, children);
  }, 0);
}

function withEnd(ids: Uint32Array): Uint32Array {
  const ended = new Uint32Array(ids.length + 1);
  ended.set(ids);
  ended[ids.length] = EOS;
  return ended;
}

/** A sentence's length as a line of a text file. */
function addLength(sum: PerplexitySum, sentence: Sentence): void {
  const text = typeof sentence === 'string' ? sentence : sentence.join(' ');
  const bytes = encoder.encode(text);
  sum.characters += countCharacters(bytes, 0, bytes.length) + 1;
  sum.bytes += bytes.length + 1;
}

async function sumFile(
  path: string,
  words: LoadedWords,
  manifest: Manifest,
  layout: BatchLayout,
  options: FileOptions,
  add: (layout: BatchLayout, ids: Uint32Array, sum: PerplexitySum) => Promise<void>,
): Promise<PerplexitySum> {
  const sum = new PerplexitySum();
  for await (const { ids, bytes, characters } of readIds(path, words, manifest.options.skipBlank, options.onRead)) {
    sum.bytes += bytes;
    sum.characters += characters;
    sum.replaced += words.replaced;
    words.replaced = 0;
    await add(layout, ids, sum);
  }
  return sum;
}
