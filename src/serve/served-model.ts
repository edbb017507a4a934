import { existsSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { KneserError } from '../base/errors.js';
import type { Pause } from '../base/turn.js';
import type { Progress } from '../base/progress.js';
import { grown } from '../base/grown.js';
import type { FromFileOptions } from '../model/api.js';
import { LanguageModel } from '../model/language-model.js';
import type { LoadedModel } from '../model/loaded-model.js';
import type { LoadedWords } from '../model/lookup/words.js';
import type { NextWords } from '../model/prediction/next-words.js';
import { IdSink } from '../model/scoring/text-reader.js';
import type { TextCache } from '../smoothing/cache/text-cache.js';
import { OOV, type Batch } from '../smoothing/batch.js';
import { wordIds } from '../tables/manifest.js';
import { createFeeder } from '../text/feeder.js';
import { BOS, BOS_WORD, EOS, EOS_WORD, UNK, UNK_WORD } from '../text/tokens.js';

/** The bytes of a text that are tokenized before other requests get their turn. */
const SLICE_BYTES = 1 << 16;
/** The marks `<s>` and `</s>` that stand by themselves in a text; a line feed behind `</s>` belongs to it. */
const MARKS = /(?<!\S)(?:<s>(?!\S)|<\/s>(?!\S)(?:[ \t\r]*\n)?)/g;

const encoder = new TextEncoder();

/** How models are opened. */
export type ServedOptions = Omit<FromFileOptions, 'signal' | 'startingWeights'>;

/** The progress of loading. */
export type OnProgress = (progress: Progress) => void;

/** Takes a token outside the vocabulary, as it is in the text. */
type OnUnknown = (token: Uint8Array) => void;

/** Collects ids, and gives each token with the id of `<unk>` to a function: also a literal `<unk>` that the model knows. */
class UnknownSink extends IdSink {
  constructor(
    private readonly vocabulary: LoadedWords,
    skipBlank: boolean,
    private readonly onToken: OnUnknown,
  ) {
    super(vocabulary, skipBlank);
  }

  override token(bytes: Uint8Array, from: number, to: number, hash: number): void {
    super.token(bytes, from, to, hash);
    if ((this.vocabulary.find(bytes, from, to, hash) & ~OOV) === UNK) this.onToken(bytes.subarray(from, to));
  }
}

/**
 * A model that requests use. Its tables are in memory, so that nothing that happens to its files changes its answers; a model that cannot be
 * loaded is read from blocks, each with its checksum, by the files' descriptors.
 */
export class ServedModel {
  /** When the model was opened [s since 1970]. */
  readonly opened = Math.floor(Date.now() / 1000);
  /** How many requests are using it. */
  private users = 0;
  private isRetired = false;
  private closing: Promise<void> | undefined;

  private constructor(
    readonly name: string,
    /** The opened model, which annotating needs. */
    readonly paged: LanguageModel,
    /** The model that answers: its tables in memory, or `paged`. */
    readonly model: LanguageModel | LoadedModel,
    readonly words: LoadedWords,
  ) {}

  /** Opens a model, and loads its tables unless `tables` is `page` or they cannot be loaded. @throws the errors of `LanguageModel.open` and `load`. */
  static async open(
    { name, path }: NamedPath,
    options: ServedOptions,
    { onProgress, signal }: { readonly onProgress?: OnProgress | undefined; readonly signal?: AbortSignal | undefined },
  ): Promise<ServedModel> {
    const pages = options.tables === 'page';
    const paged = await LanguageModel.open(path, { ...options, tables: pages ? 'page' : 'load' });
    try {
      const work = { ...(onProgress ? { onProgress } : {}), ...(signal ? { signal } : {}) };
      const isLoaded = !pages && paged.canLoad;
      const model = isLoaded ? await paged.loadOnce(work) : paged;
      return new ServedModel(name, paged, model, await paged.allWords());
    } catch (error) {
      await paged.close();
      throw error;
    }
  }

  get order(): number {
    return this.paged.parts.order;
  }

  /** One more than the largest word id. */
  get ids(): number {
    return wordIds(this.paged.parts.manifest);
  }

  /** Whether the tables are in memory. */
  get isLoaded(): boolean {
    return this.model !== this.paged;
  }

  /** Whether spaces stand between the tokens of a text. */
  get isSpaced(): boolean {
    return this.paged.parts.tokenization.splitter.isSpaced;
  }

  /** The text of tokens. */
  readonly join = (tokens: readonly string[]): string => this.paged.parts.tokenization.splitter.join(tokens);

  /** The token of an id, as the API writes it. */
  token(id: number): string {
    if (id === BOS) return BOS_WORD;
    if (id === EOS) return EOS_WORD;
    return id === UNK ? UNK_WORD : this.words.word(id);
  }

  /**
   * The ids of a text, as `kneser perplexity` reads a file: a line feed ends a sentence, and gives the id of `</s>`. An unfinished line at the end has
   * none. The marks `<s>` and `</s>` between white space stand for themselves. A word outside the vocabulary has the id of `<unk>`.
   *
   * @param most the most tokens. @param onUnknown gets each token that has the id of `<unk>`, as it is in the text. @throws KNESER_LIMIT
   */
  async idsOf(text: string, most: number, pause: Pause, onUnknown?: OnUnknown): Promise<Uint32Array> {
    const ids = new IdList(most);
    let from = 0;
    for (const match of text.matchAll(MARKS)) {
      await this.addIds(text.slice(from, match.index), ids, pause, onUnknown);
      ids.add(Uint32Array.of(match[0].startsWith('</') ? EOS : BOS));
      from = match.index + match[0].length;
    }
    await this.addIds(text.slice(from), ids, pause, onUnknown);
    return ids.take();
  }

  private async addIds(text: string, ids: IdList, pause: Pause, onUnknown?: OnUnknown): Promise<void> {
    if (text === '') return;
    const { tokenization, manifest } = this.paged.parts;
    const sink = onUnknown
      ? new UnknownSink(this.words, manifest.options.skipBlank, onUnknown)
      : new IdSink(this.words, manifest.options.skipBlank);
    const feeder = createFeeder(tokenization, sink, this.words, 'the text');
    const bytes = encoder.encode(text);
    for (let from = 0; from < bytes.length; from += SLICE_BYTES) {
      feeder.feed(bytes.subarray(from, from + SLICE_BYTES));
      ids.add(sink.take());
      const pausing = pause();
      if (pausing) await pausing;
    }
    const { sentences } = sink;
    feeder.end();
    const rest = sink.take();
    // The feeder ends an unfinished line, too.
    ids.add(sink.sentences > sentences && !text.endsWith('\n') ? rest.subarray(0, -1) : rest);
  }

  /** The distribution of the word after a history of at most order − 1 ids of a sentence. */
  nextWords(history: Uint32Array): NextWords | Promise<NextWords> {
    return this.model.nextWordsOfIds(history, true);
  }

  /** log10 p of the words of a batch; valid until the next call. @param cache the text so far; the batch becomes part of it. */
  scoreBatch(batch: Batch, cache?: TextCache): Float64Array | Promise<Float64Array> {
    const scores = this.model.scoreBatch(batch, cache);
    return 'log10Probs' in scores ? scores.log10Probs : scores;
  }

  /**
   * An empty cache for a running text.
   *
   * @param member the member of the request that needs it.
   * @throws KNESER_OPTION, KNESER_NO_COUNTS, with the member in place of the path of the model.
   */
  createCache(member = 'cache'): TextCache {
    try {
      return this.model.createCache();
    } catch (error) {
      if (!(error instanceof KneserError)) throw error;
      throw new KneserError(error.code, error.message.replace(this.paged.parts.store.name, member));
    }
  }

  /** Notes that a request begins to use the model. */
  acquire(): void {
    this.users++;
  }

  /** Notes that a request has ended. */
  release(): void {
    this.users--;
    if (this.isRetired && this.users === 0) void this.close();
  }

  /** Closes the model when no request uses it any more. */
  async retire(): Promise<void> {
    this.isRetired = true;
    if (this.users === 0) await this.close();
  }

  private close(): Promise<void> {
    return (this.closing ??= this.paged.close());
  }
}

/** Ids in one array that grows. An id with the mark `OOV` becomes the id of `<unk>`. */
class IdList {
  private ids = new Uint32Array(256);
  private length = 0;

  constructor(private readonly most: number) {}

  add(ids: Uint32Array): void {
    const length = this.length + ids.length;
    if (length > this.most) {
      throw new KneserError(
        'KNESER_LIMIT',
        `the text has more than ${this.most} tokens, the most of a request; divide it`,
      );
    }
    if (length > this.ids.length) {
      this.ids = grown(this.ids, Math.max(length, 2 * this.ids.length));
    }
    for (const id of ids) this.ids[this.length++] = id >= OOV ? UNK : id;
  }

  take(): Uint32Array {
    return this.ids.subarray(0, this.length);
  }
}

/** A model's path and the name that requests call it by. */
export interface NamedPath {
  readonly name: string;
  readonly path: string;
}

/** The names and paths of `NAME=PATH` or `PATH`; a path that exists is not divided at its `=`. @throws KNESER_OPTION for two models of one name. */
export function namedPaths(models: readonly string[]): NamedPath[] {
  const named = models.map(given => {
    const match = /^([^/\\=]+)=(.+)$/s.exec(given);
    if (match && !existsSync(given)) return { name: match[1], path: match[2] };
    const isAddress = /^[a-z]+:\/\//i.test(given);
    const file = isAddress
      ? decodeURIComponent(new URL(given).pathname.split('/').at(-1) ?? '')
      : basename(resolve(given));
    return { name: file.replace(/\.kneser$/i, '') || 'model', path: given };
  });
  const twice = named.find(({ name }, i) => named.findIndex(other => other.name === name) !== i);
  if (twice) {
    const advice = `name one of them, as OTHER=${twice.path}`;
    throw new KneserError('KNESER_OPTION', `models: two are called ${twice.name}; ${advice}`);
  }
  return named;
}
