import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { BigramCounter } from './classes/bigrams.js';
import { encodeClasses } from './classes/classes.js';
import { clusterWords } from './classes/exchange.js';
import { layoutChunks, layoutLength } from './count/corpus.js';
import type { CountResult, CountTask } from './count/counter.js';
import { IdStream } from './count/id-stream.js';
import { partitionPositions, planPartitions, type PartitionedPositions, type Partitions } from './count/partition.js';
import { createPool, type BlockSink, type CountPool } from './count/pool.js';
import type { RunSegment } from './count/runs.js';
import { addSummary, emptySummary, type TableSummary } from './count/table-writer.js';
import { planSorts, type Sort } from './count/tally.js';
import { TokenStream } from './count/token-stream.js';
import { buildVocabulary, requireTokens, type Vocabulary, type VocabularyChoice } from './count/vocabulary.js';
import { abortedError, KneserError } from './errors.js';
import { choosePatterns, tableName, withContexts, type Pattern, type Stream } from './pattern.js';
import type { ReadText } from './resume/text.js';
import type { Training } from './resume/training.js';
import { OUTSIDE } from './score/words.js';
import { DEFAULT_WEIGHTS, encodeWeights } from './smooth/weights.js';
import type { Draft } from './store/folder.js';
import { FORMAT_VERSION, type Manifest, type TableManifest } from './store/manifest.js';
import { encodeTokenizer } from './store/tokenizer.js';
import { compareBytes } from './text/bytes.js';
import { learnWeights } from './tune.js';
import type { Pruning } from './prune/pruning.js';
import { isPlain, readText } from './text/input.js';
import { feedSentence, splitTokens, type Sentence, type Sentences } from './text/sentences.js';
import type { PretrainedTokenizer, TextChanges, Tokenization } from './text/tokenization.js';
import { BOS, EOS, FIRST_WORD, UNK } from './text/tokens.js';
import { WordList } from './text/wordlist.js';
import { pauses } from './turns.js';
import type { ModelBuilder } from './store/builder.js';

import type { Stage, TrainOptions } from './options.js';

/** Fewer words a class than this, and classes say little that words do not. */
const WORDS_A_CLASS = 20;
/** Texts with fewer numbers than this are counted before a thread would have started, or a checkpoint been written. */
const SMALL_TEXT = 200_000;
/** Bytes a position of a chunk may take: its id, its place in the order, and a thread's three scratch arrays. */
const BYTES_A_POSITION = 4 + 4 + 12;

/** Wraps what the caller's own sentences threw, so that it is not taken for a failure of ours. */
export class CallerError extends Error {}

async function* ofCaller(sentences: Sentences): AsyncGenerator<Sentence> {
  try {
    yield* sentences;
  } catch (cause) {
    throw new CallerError('the sentences given failed', { cause });
  }
}

/** What is counted over the text: its words or their classes. */
interface CountedStream {
  readonly name: Stream;
  readonly patterns: readonly Pattern[];
  /** The id that each number of the token stream has here. */
  readonly toId: Uint32Array;
  /** Ids in use, `NONE` included. */
  readonly types: number;
  /** Whether the token stream is not needed again. */
  readonly last: boolean;
}

/** The stages of training, from text to a store that is ready to be published. */
export class Build {
  private readonly ids: IdStream;
  private readonly heldOut: IdStream;
  private heldOutIds: Uint32Array[] = [];
  private readonly stream: TokenStream;
  private readonly choice: VocabularyChoice;
  /** Where the tables are counted that are to be pruned. */
  private readonly unpruned: string;
  /** The patterns that the model is a mixture of. */
  private readonly mixed: readonly Pattern[];
  private readonly changes: TextChanges = { replaced: 0, extraBytes: 0, extraCharacters: 0 };
  /** There once the text has been read. */
  private text: ReadText | undefined;
  /** To be waited for now and then, within work that takes long on this thread. */
  private readonly pause = pauses(() => this.checkAborted());

  constructor(
    private readonly options: TrainOptions,
    private readonly order: number,
    private readonly memory: number,
    private readonly threads: number,
    private readonly tokenization: Tokenization,
    private readonly draft: Draft,
    private readonly training: Training,
    private readonly pruning: Pruning | undefined,
  ) {
    this.unpruned = join(draft.temporary, 'unpruned');
    this.choice = options.vocabulary ?? { kind: 'all' };
    this.mixed = choosePatterns(order, options.patterns ?? {});
    const words = new WordList();
    if (this.choice.kind === 'words') this.addWords(words, this.choice.words);
    this.ids = new IdStream(join(draft.temporary, 'tokens'), Math.floor(memory / 6));
    this.heldOut = new IdStream(join(draft.temporary, 'held-out'), Math.floor(memory / 16));
    const every = options.holdOut ? Math.round(1 / options.holdOut) : 0;
    this.stream = new TokenStream(words, this.ids, this.heldOut, {
      holdOutEvery: every,
      lowercase: options.lowercase ?? false,
      skipBlank: options.skipBlank ?? false,
      reserved: options.reserved ?? 'refuse',
      closed: this.choice.kind === 'words',
    });
  }

  /** The first stage: text to word numbers. */
  async tokenize(inputs: readonly { path: string; bytes: number | undefined }[]): Promise<void> {
    const { stream } = this;
    if (this.options.sentences) {
      stream.open('the sentences given');
      for await (const sentence of ofCaller(this.options.sentences)) {
        this.checkAborted();
        feedSentence(sentence, this.tokenization, stream);
        if (stream.tokens % 4096 === 0) this.checkMemory();
        await this.pause();
      }
    } else {
      const known = inputs.every(input => input.bytes !== undefined);
      const total = known ? inputs.reduce((sum, input) => sum + (input.bytes ?? 0), 0) : undefined;
      let done = 0;
      for (const { path } of inputs) {
        const feeder = this.tokenization.feeder(stream, this.changes, path);
        stream.open(path, isPlain(path) && this.tokenization.info.sentences === 'lines' ? 'line' : 'sentence');
        for await (const bytes of readText(path, { ...this.options, onRead: read => (done += read) })) {
          this.checkAborted();
          feeder.feed(bytes);
          this.checkMemory();
          this.options.onProgress?.({ stage: 'tokenize', done, total, unit: 'bytes' });
        }
        feeder.end();
      }
    }
    requireTokens(stream, inputs.map(input => input.path).join(', ') || 'the sentences given');
    this.text = {
      vocabulary: buildVocabulary(stream, this.choice),
      sentences: stream.sentences,
      tokens: stream.tokens,
      heldOut: stream.heldOut,
      replaced: stream.replaced + stream.closedReplaced + this.changes.replaced,
      dropped: stream.dropped,
    };
    if (this.total(this.text) >= SMALL_TEXT) {
      this.training.saveText(this.text, { ids: this.ids, heldOut: this.heldOut }, () => this.checkAborted());
    }
  }

  /** In place of the first stage: takes the text as an earlier run left it. */
  async restore(): Promise<void> {
    this.text = await this.training.loadText({ ids: this.ids, heldOut: this.heldOut });
    // What is pruned is copied from tables that are complete: the copy begins anew.
    if (this.pruning) await rm(this.draft.database, { recursive: true, force: true });
  }

  /** How many numbers the text has when it is laid out. */
  private total({ tokens, sentences }: ReadText): number {
    return layoutLength(tokens, sentences, this.order);
  }

  /** The other stages: word numbers to sorted tuples to count tables in the store. */
  async count(): Promise<Manifest> {
    const { order, text, mixed, training } = this;
    if (!text) throw new Error('there is no text yet');
    const { vocabulary } = text;
    const total = this.total(text);
    if (total >= 2 ** 32) {
      throw new KneserError(
        'KNESER_LIMIT',
        `the text has ${text.tokens} tokens; at most about 4,000,000,000 can be counted`,
      );
    }
    const database = this.pruning ? this.unpruned : this.draft.database;
    const builder = await createBuilder(database, training.resumed);
    try {
      const types = vocabulary.words.length;
      const classes = Math.min(this.options.classes ?? 0, Math.floor(types / WORDS_A_CLASS));
      const words = {
        name: 'words',
        patterns: withContexts(mixed),
        toId: vocabulary.ids,
        types,
        last: classes < 2,
      } as const;
      const classPatterns = choosePatterns(order, {});
      await training.beginCounting(countedTables(words.patterns) + (classes > 1 ? countedTables(classPatterns) : 0));
      const tables = await this.countStream(words, vocabulary.frequencies, total, builder);
      const classTables: TableManifest[] = [];
      if (classes > 1) {
        const of = (await training.classes(builder.store)) ?? (await this.cluster(vocabulary, classes));
        await builder.putClasses(encodeClasses(FIRST_WORD + classes, of, vocabulary.frequencies));
        const frequencies = new Float64Array(FIRST_WORD + classes);
        for (let id = 1; id < types; id++) frequencies[of[id]] += vocabulary.frequencies[id];
        const toId = vocabulary.ids.map(id => of[id]);
        const counted = {
          name: 'classes',
          patterns: classPatterns,
          toId,
          types: frequencies.length,
          last: true,
        } as const;
        classTables.push(...(await this.countStream(counted, frequencies, total, builder)));
      }
      await training.settled();
      this.ids.close();
      this.keepHeldOut(vocabulary);
      await builder.putDictionary(sortedDictionary(vocabulary));
      const pretrained = pretrainedTokenizer(this.options);
      if (pretrained) await builder.putTokenizer(encodeTokenizer(pretrained.json));
      const manifest: Manifest = {
        format: FORMAT_VERSION,
        order,
        sentences: text.sentences,
        tokens: text.tokens + text.sentences,
        vocabulary: vocabulary.words.length - 2,
        unknown: vocabulary.frequencies[UNK],
        dictionaryBlocks: builder.dictionaryBlocks,
        tables,
        classes: classTables.length > 0 ? classes : 0,
        classTables,
        options: {
          lowercase: this.options.lowercase ?? false,
          skipBlank: this.options.skipBlank ?? false,
          vocabulary: describeChoice(this.choice),
          tokenization: this.tokenization.info,
        },
      };
      this.checkAborted();
      await builder.finish(manifest);
      return manifest;
    } catch (error) {
      await builder.abort();
      this.ids.close();
      throw error;
    }
  }

  /** Counts all tables of a stream, and writes them. */
  private async countStream(
    counted: CountedStream,
    frequencies: Float64Array,
    total: number,
    builder: ModelBuilder,
  ): Promise<TableManifest[]> {
    const { order, memory } = this;
    const { name, patterns, types } = counted;
    const summaries = new Map<string, TableSummary>();
    const { sorts, unigrams } = await this.training.leftToCount(
      builder.store,
      name,
      planSorts(patterns, order),
      types,
      summaries,
    );
    const threads = total < SMALL_TEXT ? 1 : this.threads;
    const plan = { stream: name, order, sorts, types, mergeMemory: Math.floor(memory / 8 / threads) };
    const pool = createPool(threads, total >= SMALL_TEXT, plan, thread =>
      join(this.draft.temporary, `runs-${name}-${thread}`),
    );
    const stop = (): void => void pool.abort();
    this.options.signal?.addEventListener('abort', stop);
    try {
      await this.countTables(pool, sorts, planPartitions(frequencies), counted, total, builder, summaries);
      const counts = await pool.finish();
      for (let id = 0; id < types; id++) unigrams[id] += counts[id];
      this.checkAborted();
    } catch (error) {
      await pool.abort();
      this.checkAborted();
      throw error;
    } finally {
      this.options.signal?.removeEventListener('abort', stop);
    }
    const counts = order === 1 ? Uint32Array.from(frequencies) : unigrams;
    summaries.set(tableName([], name), await builder.putUnigrams(name, counts));
    await builder.putDirectories(name, [[]]);
    return patterns.map((pattern): TableManifest => {
      const table = tableName(pattern, name);
      const { rows, contexts, tokens, countsOfCounts } = summaries.get(table) ?? emptySummary();
      const mixed = name === 'classes' || this.mixed.some(other => tableName(other, name) === table);
      return { pattern: table, mixed, rows, contexts, tokens, countsOfCounts };
    });
  }

  /** Drops n-grams, where that is wanted. @returns the manifest of what is left. */
  async prune(manifest: Manifest): Promise<Manifest> {
    if (!this.pruning) return manifest;
    const { openLevelStore } = await import('./store/level.js');
    const { pruneStore } = await import('./prune/prune-store.js');
    const store = await openLevelStore(this.unpruned, this.options.out);
    try {
      return await pruneStore(store, manifest, this.pruning, this.draft.database, (done, total) => {
        this.checkAborted();
        this.options.onProgress?.({ stage: 'prune', done, total, unit: 'n-grams' });
      });
    } finally {
      await store.close();
    }
  }

  /** Learns the weights of the mixture on what was held out. */
  async tune(): Promise<void> {
    if (!this.canTune()) return;
    const { openLevelStore } = await import('./store/level.js');
    const store = await openLevelStore(this.draft.database, this.options.out);
    const { onProgress } = this.options;
    const set = await learnWeights(
      {
        ...store,
        getMany: keys => {
          this.checkAborted();
          return store.getMany(keys);
        },
      },
      this.heldOutIds,
      (done, total) => onProgress?.({ stage: 'tune', done, total, unit: 'passes' }),
      this.pause,
    );
    await this.draft.putWeights(DEFAULT_WEIGHTS, encodeWeights(set));
  }

  private canTune(): boolean {
    return this.heldOutIds.some(piece => piece.some(id => id !== EOS));
  }

  private keepHeldOut({ ids, frequencies }: Vocabulary): void {
    if (this.text && this.text.heldOut > 0) {
      for (const piece of this.heldOut.pieces()) {
        const toId = (word: number): number =>
          ids[word] !== UNK || (word === UNK && frequencies[UNK] > 0) ? ids[word] : OUTSIDE;
        this.heldOutIds.push(piece.map(toId));
      }
    }
    this.heldOut.close();
  }

  /** The classes of the words, learned from the text's bigrams. */
  private async cluster(vocabulary: Vocabulary, classes: number): Promise<Uint32Array> {
    const counter = new BigramCounter();
    let left = BOS;
    for (const piece of this.ids.pieces()) {
      for (const word of piece) {
        const right = vocabulary.ids[word];
        counter.add(left, right);
        left = right === EOS ? BOS : right;
      }
      await this.pause();
    }
    const types = vocabulary.words.length;
    return clusterWords(counter.finish(types), types, classes, this.pause);
  }

  private addWords(list: WordList, words: Iterable<string>): void {
    for (const word of words) {
      if (splitTokens(word).length !== 1 || word.includes('\n')) {
        throw new KneserError('KNESER_OPTION', `vocabulary: ${JSON.stringify(word)} is not one word`);
      }
      list.addWord(this.options.lowercase ? word.toLowerCase() : word);
    }
  }

  /** Gives back the files of a build that failed, once nothing is written any more. */
  async close(): Promise<void> {
    await this.training.settled().catch(() => undefined);
    this.ids.close();
    this.heldOut.close();
  }

  /** What the text held that a user should hear of. */
  warnings(): string[] {
    const { replaced = 0, dropped = 0 } = this.text ?? {};
    const warnings: string[] = [];
    if (replaced > 0) warnings.push(`${replaced} invalid UTF-8 sequences were read as U+FFFD`);
    if (this.options.holdOut && !this.canTune()) {
      warnings.push('too few sentences to hold any out: no weights were tuned; run kneser tune on other text');
    }
    if (dropped > 0) warnings.push(`${dropped} literal <s> or </s> tokens were dropped`);
    return warnings;
  }

  private async countTables(
    pool: CountPool,
    sorts: readonly Sort[],
    partitions: Partitions,
    { toId, name, last }: CountedStream,
    total: number,
    builder: ModelBuilder,
    summaries: Map<string, TableSummary>,
  ): Promise<void> {
    const { order } = this;
    if (sorts.length === 0) return;
    const limit = Math.max(1 << 16, Math.floor((0.6 * this.memory) / BYTES_A_POSITION));
    const spilling = total > limit;
    const runs: RunSegment[][][] = sorts.map(() => Array.from({ length: partitions.count }, () => []));
    const families = familiesOf(sorts);
    const work = total * families.length;
    let done = 0;
    const report = (stage: Stage, of: number): void =>
      this.options.onProgress?.({ stage: name === 'words' ? stage : 'classes', done, total: of, unit: 'tokens' });
    const collect = async (sort: number, partition: number, task: CountTask): Promise<void> => {
      this.checkAborted();
      const blocks: BlockSink = ready => builder.putBlocks(partition, ready);
      addResult(summaries, await pool.run(task, blocks), segment => runs[sort][partition].push(segment));
    };

    const complete = async (members: readonly number[]): Promise<void> => {
      const patterns = members.flatMap(sort => sorts[sort]);
      await builder.putDirectories(name, patterns);
      const tables = patterns.map(pattern => tableName(pattern, name));
      await this.training.completed(
        builder,
        tables.map(table => ({ table, ...(summaries.get(table) ?? emptySummary()) })),
      );
    };

    let reuse: Uint32Array | undefined;
    for (const chunk of layoutChunks(this.ids, toId, order, total, limit, last)) {
      const { ids } = chunk;
      for (const { distance, members } of families) {
        this.checkAborted();
        const grouped: PartitionedPositions = partitionPositions(chunk, distance, partitions, reuse);
        reuse = grouped.positions;
        const tasks: Promise<void>[] = [];
        for (let p = 0; p < partitions.count; p++) {
          const positions = grouped.positions.subarray(grouped.starts[p], grouped.starts[p + 1]);
          if (positions.length === 0) continue;
          tasks.push(
            (async () => {
              // The sorts of one family share the positions, so they take turns.
              for (const sort of members) {
                await collect(sort, p, { kind: spilling ? 'spill' : 'count', sort, ids, positions });
              }
              done += positions.length;
              report(spilling ? 'sort' : 'count', work);
            })(),
          );
        }
        await allSettledOrThrow(tasks);
        if (!spilling) await complete(members);
        await this.pause();
      }
    }
    if (!spilling) return;
    done = 0;
    const bytes = runs.flat(2).reduce((sum, segment) => sum + segment.length, 0);
    for (let sort = 0; sort < sorts.length; sort++) {
      const tasks = runs[sort].map(async (segments, p) => {
        if (segments.length === 0) return;
        await collect(sort, p, { kind: 'merge', sort, segments });
        done += segments.reduce((sum, segment) => sum + segment.length, 0);
        report('count', bytes);
      });
      await allSettledOrThrow(tasks);
      await complete([sort]);
    }
  }

  /** @throws KNESER_ABORTED */
  checkAborted(): void {
    if (this.options.signal?.aborted) throw abortedError();
  }

  private checkMemory(): void {
    const used = this.stream.words.memory;
    if (used <= this.memory / 2) return;
    const megabytes = Math.round(used / 2 ** 20);
    throw new KneserError(
      'KNESER_LIMIT',
      `the ${this.stream.words.size} different words of the text take ${megabytes} MB, more than half of --memory; ` +
        'allow more memory, or name the words to keep with --vocab',
    );
  }
}

/** LevelDB is loaded when it is needed. @param resumed whether an earlier run may have begun. */
async function createBuilder(database: string, resumed: boolean): Promise<ModelBuilder> {
  const { ModelBuilder } = await import('./store/builder.js');
  if (!resumed) return ModelBuilder.create(database);
  return ModelBuilder.resume(database).catch(async () => {
    // What cannot be opened is counted again.
    await rm(database, { recursive: true, force: true });
    return ModelBuilder.create(database);
  });
}

/** How many of the tables are counted by sorting: all but the unigrams'. */
function countedTables(patterns: readonly Pattern[]): number {
  return patterns.filter(pattern => pattern.length > 0).length;
}

/** The tokenizer that training was given as a `tokenizer.json`. */
export function pretrainedTokenizer({ tokenization }: TrainOptions): PretrainedTokenizer | undefined {
  return typeof tokenization?.tokenizer === 'object' ? tokenization.tokenizer : undefined;
}

function describeChoice(choice: VocabularyChoice): string {
  switch (choice.kind) {
    case 'limit':
      return `limit=${choice.limit}`;
    case 'frequency':
      return `frequency>=${choice.atLeast}`;
    case 'all':
    case 'words':
      return choice.kind;
  }
}

/** The sorts by the distance of their first column: those share one grouping of the positions. */
function familiesOf(sorts: readonly Sort[]): { distance: number; members: number[] }[] {
  const families = new Map<number, number[]>();
  sorts.forEach((sort, index) => {
    const distance = sort[0][0];
    families.set(distance, [...(families.get(distance) ?? []), index]);
  });
  return [...families].map(([distance, members]) => ({ distance, members }));
}

function addResult(
  summaries: Map<string, TableSummary>,
  result: CountResult,
  keep: (segment: RunSegment) => void,
): void {
  for (const { table, summary } of result.summaries) {
    const sum = summaries.get(table) ?? emptySummary();
    addSummary(sum, summary);
    summaries.set(table, sum);
  }
  if (result.segment) keep(result.segment);
}

/** Waits for all, so that none works on when the first failure is passed on. */
async function allSettledOrThrow(tasks: readonly Promise<void>[]): Promise<void> {
  const failed = (await Promise.allSettled(tasks)).find(result => result.status === 'rejected');
  if (failed) throw failed.reason;
}

function sortedDictionary(vocabulary: Vocabulary): { word: Uint8Array; id: number; frequency: number }[] {
  return vocabulary.words
    .map((word, id) => ({ word, id, frequency: vocabulary.frequencies[id] }))
    .slice(1)
    .sort((a, b) => compareBytes(a.word, b.word));
}
