import type { CountedTable, ReadText, TextFigures } from './resume/checkpoints.js';
import { encodeClasses } from '../tables/classes.js';
import { checkTokens, layoutChunks, layoutLength } from '../count/layout.js';
import type { CountResult, CountTask } from '../count/counter.js';
import { IdStream, tooLarge } from '../count/id-stream.js';
import { partitionPositions, planPartitions, type PartitionedPositions, type Partitions } from '../count/partition.js';
import { createPool, type BlockSink, type CountPool } from '../count/pool.js';
import type { RunSegment } from '../count/runs.js';
import { SpilledWords } from '../count/spilled-words.js';
import { addSummary, emptySummary, type TableSummary } from '../tables/table-writer.js';
import { planSorts, type Sort } from '../count/adjust.js';
import { TokenStream } from '../count/token-stream.js';
import { buildVocabulary, requireTokens, type Vocabulary, type VocabularyChoice } from '../count/vocabulary.js';
import { abortedError, KneserError } from '../base/errors.js';
import { choosePatterns, tableName, withContexts, type Pattern, type Stream } from '../tables/pattern.js';
import { NOT_IN_VOCABULARY } from '../model/lookup/words.js';
import { estimateDiscounts } from '../smoothing/discounts.js';
import { ModelBuilder } from '../tables/builder.js';
import { sortedDictionary } from '../tables/dictionary.js';
import { type Manifest, type TableManifest } from '../tables/manifest.js';
import type { ModelStore } from '../store/store.js';
import { encodeTokenizer } from '../tables/tokenizer.js';
import { createFeeder } from '../text/feeder.js';
import { checkSentences, feedSentence, type Sentence, type Sentences } from '../text/sentences.js';
import type { TextChanges } from '../text/tokenization.js';
import { MOST_TOKEN_BYTES } from '../text/tokenizer.js';
import { BOS, EOS, FIRST_WORD, splitTokens, UNK } from '../text/tokens.js';
import { WordList } from '../text/word-list.js';
import { pauses } from '../base/turn.js';

import type { BuildOptions } from './plan/options.js';
import type { Stage } from '../base/progress.js';
import type { BuildPlan } from './plan/plan.js';
import {
  BYTES_A_POSITION,
  BYTES_A_WORD,
  CLASSES_SHARE,
  EVIDENCE_SHARE,
  HELD_OUT_SHARE,
  IDS_SHARE,
  READ_SHARE,
  SMALL_TEXT,
  TEXT_SHARE,
  TOKEN_SHARE,
  WORDS_A_CLASS,
  WRITTEN_SHARE,
} from './plan/budget.js';
import { pretrainedTokenizer } from './plan/options.js';
import type { BuildPlace, BuildReport, BuildText } from './stages/place.js';

/** The name of sentences in messages. */
const SENTENCES = 'the sentences given';

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
  private ids: IdStream;
  private heldOut: IdStream;
  /** By word number, what a held-out token is to the model. */
  private heldOutIds = new Uint32Array(0);
  private spilled: readonly [counted: SpilledWords, heldOut: SpilledWords] | undefined;
  private readonly stream: TokenStream;
  private readonly choice: VocabularyChoice;
  /** The patterns that the model is a mixture of. */
  private readonly mixed: readonly Pattern[];
  private readonly changes: TextChanges = { replaced: 0, extraBytes: 0, extraCharacters: 0 };
  /** What was read, once it was. */
  private text: ReadText | undefined;
  /** To be waited for now and then, within work that takes long on this thread. */
  private readonly pause = pauses(() => this.checkAborted());

  constructor(
    private readonly options: BuildOptions,
    private readonly plan: BuildPlan,
    private readonly place: BuildPlace,
  ) {
    this.choice = options.vocabulary ?? { kind: 'all' };
    this.mixed = choosePatterns(plan.order, options.patterns ?? {});
    const words = new WordList();
    if (this.choice.kind === 'words') this.addWords(words, this.choice.words);
    this.ids = this.idStream('tokens', IDS_SHARE);
    this.heldOut = this.idStream('held-out', HELD_OUT_SHARE);
    const every = options.holdOut ? Math.round(1 / options.holdOut) : 0;
    this.stream = new TokenStream(words, this.ids, this.heldOut, {
      holdOutEvery: every,
      lowercase: options.lowercase ?? false,
      skipBlank: options.skipBlank ?? false,
      reserved: options.reserved ?? 'refuse',
      closed: this.choice.kind === 'words',
    });
  }

  /** All stages. @returns the manifest that was written. */
  async run(text: BuildText): Promise<Manifest> {
    await this.checkClasses();
    const read = await this.read(text);
    this.text = read;
    // What a small text leaves behind is not worth the time.
    const collect = this.lengthOf(read) < SMALL_TEXT ? undefined : this.place.collect;
    collect?.(true);
    const counted = await this.count(read);
    collect?.(true);
    const manifest = await this.prune(counted);
    await this.tune();
    this.checkAborted();
    return manifest;
  }

  /** The first stage: text to word numbers, unless they are known from before. */
  private async read(text: BuildText): Promise<ReadText> {
    const { stream, changes } = this;
    const { checkpoints } = this.place;
    if (checkpoints?.resumed) {
      const known = await checkpoints.loadText({ ids: this.ids, heldOut: this.heldOut });
      await this.checkHeldOut(known);
      return known;
    }
    await this.tokenize(text);
    // Those that were read may have given way to others.
    const { ids, heldOut } = this;
    const read = {
      vocabulary: buildVocabulary(stream, this.choice),
      sentences: stream.sentences,
      tokens: stream.tokens,
      heldOut: stream.heldOut,
      heldOutTokens: stream.heldOutTokens,
      replaced: stream.replaced + changes.replaced,
      dropped: stream.dropped,
    };
    if (this.lengthOf(read) >= SMALL_TEXT) checkpoints?.saveText(read, { ids, heldOut }, () => this.checkAborted());
    return read;
  }

  /** How many numbers the text has when it is laid out. */
  private lengthOf({ tokens, sentences }: ReadText): number {
    return layoutLength(tokens, sentences, this.plan.order);
  }

  private async tokenize(text: BuildText): Promise<void> {
    const { stream } = this;
    if ('sentences' in text) {
      checkSentences(text.sentences);
      stream.open(SENTENCES);
      for await (const sentence of ofCaller(text.sentences)) {
        this.checkAborted();
        feedSentence(sentence, this.plan.tokenization, stream);
        if (stream.sentences % 1024 === 0) this.checkMemory();
        await this.pause();
      }
    } else {
      const { sources } = text;
      const known = sources.every(source => source.bytes !== undefined);
      const total = known ? sources.reduce((sum, source) => sum + (source.bytes ?? 0), 0) : undefined;
      let done = 0;
      const collect = this.collector(TEXT_SHARE);
      for (const source of sources) {
        const longest = Math.min(MOST_TOKEN_BYTES, Math.floor(this.place.memory * TOKEN_SHARE));
        const feeder = createFeeder(this.plan.tokenization, stream, this.changes, source.name, longest);
        stream.open(
          source.name,
          source.isPlain && this.plan.tokenization.info.sentences === 'lines' ? 'line' : 'sentence',
        );
        for await (const bytes of source.read(read => (done += read))) {
          this.checkAborted();
          feeder.feed(bytes);
          this.checkMemory();
          collect(bytes.length);
          this.options.onProgress?.({ stage: 'tokenize', done, total, unit: 'bytes' });
        }
        feeder.end();
      }
    }
    requireTokens(stream, 'sources' in text ? text.sources.map(source => source.name).join(', ') : SENTENCES);
    this.plan.tokenization.splitter.forget?.();
    this.checkMemory();
    await this.checkHeldOut(stream);
    this.resolveSpilled();
  }

  /** Refuses more classes than can be found in memory. */
  private async checkClasses(): Promise<void> {
    const { classes = 0 } = this.options;
    if (classes === 0) return;
    const { clusteringBytes } = await import('../count/exchange.js');
    const bytes = clusteringBytes(classes);
    if (bytes <= this.place.memory * CLASSES_SHARE) return;
    throw new KneserError(
      'KNESER_LIMIT',
      `classes: to find ${classes} takes ${Math.round(bytes / 2 ** 20)} MB, more than --memory has room for; allow more ` +
        'memory, or ask for fewer classes',
    );
  }

  /** Refuses to hold out more than can be learned from in memory, before counting begins. */
  private async checkHeldOut({
    heldOut,
    heldOutTokens,
  }: Pick<TextFigures, 'heldOut' | 'heldOutTokens'>): Promise<void> {
    if (heldOutTokens === 0) return;
    const { evidenceBytes } = await import('./stages/learn-weights.js');
    const { options, place, plan } = this;
    const tables = withContexts(this.mixed).length + (options.classes ? plan.order : 0);
    const bytes = evidenceBytes(heldOutTokens + heldOut, tables);
    if (bytes <= place.memory * EVIDENCE_SHARE) return;
    throw new KneserError(
      'KNESER_LIMIT',
      `hold-out: to learn weights from ${heldOutTokens} tokens takes ${Math.round(bytes / 2 ** 20)} MB, more than ` +
        '--memory has room for; allow more memory, or hold out a smaller share, or none and run kneser tune later',
    );
  }

  /** Chooses the vocabulary where it did not fit into memory. */
  private resolveSpilled(): void {
    const { stream, spilled, choice } = this;
    if (!spilled) return;
    const limit = choice.kind === 'limit' ? choice.limit : Infinity;
    const atLeast = choice.kind === 'frequency' ? choice.atLeast : 1;
    stream.chooseSpilled(limit, atLeast, Math.floor(this.place.memory / 4));
    const resolve = (from: IdStream, words: SpilledWords, name: string, share: number): IdStream => {
      const to = this.idStream(name, share);
      words.resolve(from, stream.words, to);
      from.close();
      words.close();
      return to;
    };
    this.ids = resolve(this.ids, spilled[0], 'tokens-resolved', IDS_SHARE);
    this.heldOut = resolve(this.heldOut, spilled[1], 'held-out-resolved', HELD_OUT_SHARE);
  }

  private idStream(name: string, share: number): IdStream {
    const { place } = this;
    return new IdStream(place.temporary(name), Math.floor(place.memory * share), place.scratch);
  }

  /** The other stages: word numbers to sorted tuples to count tables in the store. */
  private async count(text: ReadText): Promise<Manifest> {
    const { mixed } = this;
    const { order } = this.plan;
    const { checkpoints } = this.place;
    const { vocabulary } = text;
    const total = this.lengthOf(text);
    const builder = new ModelBuilder(await this.place.createStore(this.plan.pruning ? 'unpruned' : 'tables'));
    try {
      const types = vocabulary.numbers.length;
      const classes = Math.min(this.options.classes ?? 0, Math.floor(types / WORDS_A_CLASS));
      const words = {
        name: 'words',
        patterns: withContexts(mixed),
        toId: vocabulary.ids,
        types,
        last: classes < 2,
      } as const;
      const classPatterns = classes > 1 ? choosePatterns(order, {}) : [];
      await checkpoints?.beginCounting(sortedTables(words.patterns) + sortedTables(classPatterns));
      const tables = await this.countStream(words, vocabulary.frequencies, total, builder);
      const classTables: TableManifest[] = [];
      if (classes > 1) {
        const of = (await checkpoints?.classes(types)) ?? (await this.cluster(vocabulary, classes));
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
      await checkpoints?.settled();
      this.ids.close();
      this.keepHeldOut(vocabulary);
      await builder.putDictionary(sortedDictionary(vocabulary.list, vocabulary.numbers, vocabulary.frequencies));
      const pretrained = pretrainedTokenizer(this.options);
      if (pretrained) await builder.putTokenizer(encodeTokenizer(pretrained));
      this.checkAborted();
      return await builder.finish({
        order,
        sentences: text.sentences,
        tokens: text.tokens + text.sentences,
        vocabulary: vocabulary.numbers.length - 2,
        unknown: vocabulary.frequencies[UNK],
        tables,
        classes: classTables.length > 0 ? classes : 0,
        classTables,
        options: {
          lowercase: this.options.lowercase ?? false,
          skipBlank: this.options.skipBlank ?? false,
          vocabulary: describeChoice(this.choice),
          tokenization: this.plan.tokenization.info,
        },
      });
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
    const { place } = this;
    const { order } = this.plan;
    const { name, patterns, types } = counted;
    const all = planSorts(patterns, order);
    const left = await place.checkpoints?.leftToCount(name, all, types);
    const { sorts, tables, unigrams } = left ?? { sorts: all, tables: [], unigrams: new Uint32Array(types) };
    const summaries = new Map(tables.map(({ table, ...summary }): [string, TableSummary] => [table, summary]));
    const threads = total < SMALL_TEXT ? 0 : place.threads;
    const mergeMemory = Math.floor(place.memory / 8 / Math.max(1, threads));
    const plan = { stream: name, order, sorts, types, mergeMemory };
    const pool = createPool({ ...place, threads }, plan, thread => place.temporary(`runs-${name}-${thread}`));
    const { signal } = this.options;
    const stop = (): void => void pool.abort();
    signal?.addEventListener('abort', stop);
    try {
      await this.countTables(pool, sorts, planPartitions(frequencies), counted, total, builder, summaries);
      const counts = await pool.finish();
      for (let id = 0; id < types; id++) unigrams[id] += counts[id];
      this.checkAborted();
    } catch (error) {
      await pool.abort();
      // Threads that were stopped complain of that.
      this.checkAborted();
      throw error;
    } finally {
      signal?.removeEventListener('abort', stop);
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
  private async prune(manifest: Manifest): Promise<Manifest> {
    if (!this.plan.pruning) return manifest;
    const { pruneStore } = await import('../tools/prune/prune-store.js');
    const store = await this.place.openStore('unpruned');
    try {
      return await pruneStore(
        store,
        manifest,
        this.plan.pruning,
        await this.place.createStore('tables'),
        (done, total) => {
          this.checkAborted();
          this.options.onProgress?.({ stage: 'prune', done, total, unit: 'n-grams' });
        },
      );
    } finally {
      await store.close();
    }
  }

  /** Told how many bytes were read or written, it gives back what is not used any more each time they come to a part of the memory. */
  private collector(share: number, pages = true): (bytes: number) => void {
    const { memory, collect } = this.place;
    let sum = 0;
    return bytes => {
      if ((sum += bytes) < memory * share) return;
      sum = 0;
      collect?.(pages);
    };
  }

  /** Learns the weights of the mixture on what was held out. */
  private async tune(): Promise<void> {
    if (!this.canTune()) return;
    const store = await this.place.openStore('tables');
    const { onProgress } = this.options;
    const collect = this.collector(READ_SHARE);
    const getMany: ModelStore['getMany'] = async keys => {
      this.checkAborted();
      const values = await store.getMany(keys);
      collect(values.reduce((sum, value) => sum + (value?.length ?? 0), 0));
      return values;
    };
    const { heldOut, heldOutIds } = this;
    const text = {
      length: heldOut.length,
      *pieces(): Generator<Uint32Array> {
        for (const piece of heldOut.pieces()) yield piece.map(word => heldOutIds[word]);
      },
    };
    const report = (done: number, total: number): void => onProgress?.({ stage: 'tune', done, total, unit: 'passes' });
    const { learnWeights } = await import('./stages/learn-weights.js');
    const { DEFAULT_WEIGHTS, encodeWeights } = await import('../smoothing/weights.js');
    const set = await learnWeights({ ...store, getMany }, text, this.place.memory, report, this.pause);
    heldOut.close();
    await this.place.putWeights(DEFAULT_WEIGHTS, encodeWeights(set));
  }

  private canTune(): boolean {
    return this.text !== undefined && this.text.heldOutTokens > 0;
  }

  private keepHeldOut({ ids, frequencies }: Vocabulary): void {
    if (!this.canTune()) return;
    const outside = (id: number, word: number): boolean => id === UNK && !(word === UNK && frequencies[UNK] > 0);
    this.heldOutIds = ids.map((id, word) => (outside(id, word) ? NOT_IN_VOCABULARY : id));
  }

  /** The classes of the words, learned from the text's bigrams. */
  private async cluster(vocabulary: Vocabulary, classes: number): Promise<Uint32Array> {
    const { BigramCounter } = await import('../count/bigrams.js');
    const { clusterWords } = await import('../count/exchange.js');
    const counter = new BigramCounter();
    let left = BOS;
    for (const piece of this.ids.pieces()) {
      for (const word of piece) {
        const right = vocabulary.ids[word];
        counter.add(left, right);
        left = right === EOS ? BOS : right;
      }
      await this.pause();
      if (counter.memory > this.place.memory * CLASSES_SHARE) {
        const megabytes = Math.round(counter.memory / 2 ** 20);
        throw new KneserError(
          'KNESER_LIMIT',
          `classes: the text's different pairs of words take ${megabytes} MB, more than --memory has room for; ` +
            'allow more memory, or leave classes out with --classes 0',
        );
      }
    }
    const types = vocabulary.numbers.length;
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
    await this.place.checkpoints?.settled().catch(() => undefined);
    this.ids.close();
    this.heldOut.close();
    for (const words of this.spilled ?? []) words.close();
  }

  /** What was done. */
  report({ order, sentences, tokens, vocabulary, tables }: Manifest): BuildReport {
    return {
      order,
      sentences,
      tokens,
      vocabulary,
      tables: tables.map(table => ({
        pattern: table.pattern,
        types: table.pattern === '1' ? vocabulary : table.rows,
        fallback: estimateDiscounts(table.countsOfCounts).fallback,
      })),
      warnings: this.warnings(),
    };
  }

  /** What the text held that a user should hear of. */
  private warnings(): string[] {
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
    const { order } = this.plan;
    if (sorts.length === 0) return;
    const limit = Math.max(1 << 16, Math.floor(this.place.memory / 2 / BYTES_A_POSITION));
    const taken = this.collector(WRITTEN_SHARE, false);
    const spilling = total > limit;
    if (spilling && !this.place.scratch) throw tooLarge();
    const runs: RunSegment[][][] = sorts.map(() => Array.from({ length: partitions.count }, () => []));
    const families = familiesOf(sorts);
    const work = total * families.length;
    let done = 0;
    const report = (stage: Stage, of: number): void =>
      this.options.onProgress?.({ stage: name === 'words' ? stage : 'classes', done, total: of, unit: 'tokens' });
    const collect = async (sort: number, partition: number, task: CountTask): Promise<void> => {
      this.checkAborted();
      const blocks: BlockSink = ready => {
        taken(ready.reduce((sum, { value }) => sum + value.length, 0));
        return builder.putBlocks(partition, ready);
      };
      addResult(summaries, await pool.run(task, blocks), segment => runs[sort][partition].push(segment));
    };

    const complete = async (members: readonly number[]): Promise<void> => {
      const patterns = members.flatMap(sort => sorts[sort]);
      await builder.putDirectories(name, patterns);
      const tables = patterns.map((pattern): CountedTable => {
        const table = tableName(pattern, name);
        return { table, ...(summaries.get(table) ?? emptySummary()) };
      });
      await this.place.checkpoints?.completed(tables);
    };

    // The text's memory is free again where this ends.
    const sortAll = async (): Promise<void> => {
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
    };
    await sortAll();
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
  private checkAborted(): void {
    if (this.options.signal?.aborted) throw abortedError();
  }

  /** Stops before the text is more than can be counted, or its vocabulary more than memory holds. */
  private checkMemory(): void {
    const { stream, choice, place } = this;
    checkTokens(stream.tokens, stream.sentences, this.plan.order);
    const used = stream.words.memory + stream.words.size * (BYTES_A_WORD + 4 * place.threads);
    // What was in the list when the others began to be spilled stays.
    if (used <= place.memory / 2 || this.spilled) return;
    const { scratch } = place;
    if (scratch && (choice.kind === 'limit' || choice.kind === 'frequency')) {
      const spill = (name: string): SpilledWords => new SpilledWords(place.temporary(name), scratch);
      this.spilled = [spill('words'), spill('held-out-words')];
      stream.spill(...this.spilled);
      return;
    }
    const megabytes = Math.round(used / 2 ** 20);
    throw new KneserError(
      'KNESER_LIMIT',
      `the ${stream.words.size} different words of the text take ${megabytes} MB, more than --memory has room for; allow more ` +
        'memory, keep the most frequent words with --vocab-limit N, or name them with --vocab FILE',
    );
  }
}

/** How many of the tables are counted by sorting: all but the unigrams'. */
function sortedTables(patterns: readonly Pattern[]): number {
  return patterns.filter(pattern => pattern.length > 0).length;
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
