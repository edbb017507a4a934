import { sharedMemory } from '../../base/shared-memory.js';
import { planSorts } from '../../count/adjust.js';
import { planPartitions } from '../../count/partition.js';
import { createPool } from '../../count/pool.js';
import type { TableManifest } from '../../tables/manifest.js';
import {
  choosePatterns,
  classStream,
  isContiguous,
  stepPatterns,
  STEPS,
  tableName,
  withContexts,
  type Pattern,
  type StepStream,
  type Stream,
} from '../../tables/pattern.js';
import { emptySummary, type TableSummary } from '../../tables/table-writer.js';
import { FIRST_WORD } from '../../text/tokens.js';
import { SMALL_TEXT } from '../plan/budget.js';
import { clusteringSizes } from '../plan/mixture-options.js';
import type { BuildPlan } from '../plan/plan.js';
import type { LeftToCount } from '../resume/checkpoints.js';
import type { BuildContext } from './context.js';
import type { CountSource } from './count-source.js';
import { mostNumbers, TableCounting } from './table-counting.js';
import type { TableOutput } from './table-output.js';

/** One of the streams of ids that are counted over a source: its words, their classes in a clustering, or a step of Model M. */
export interface CountedStream {
  readonly name: Stream;
  readonly source: CountSource;
  /** The patterns; each has a table. */
  readonly patterns: readonly Pattern[];
  /** The number of ids of the longest n-grams. */
  readonly order: number;
  /** The id that each word index of the source has in this stream. */
  readonly toId: Uint32Array;
  /** Occurrences in the source of the ids that begin a context, by id; their length is the number of these ids in use, `NONE` included. */
  readonly frequencies: Float64Array;
  /** The number of predicted ids in use, `NONE` included. */
  readonly types: number;
  /** For a step of Model M: by word id, the id of its class. */
  readonly classOf?: Uint32Array;
  /** Whether this is the last stream that needs the n-grams of the source: their memory is freed while they are sorted. */
  readonly last: boolean;
}

/**
 * Whether the tables of a source can become tries while they are counted, without being rows first. The conditions:
 *
 * - All patterns are contiguous, so that one sort counts them all: a trie needs the rank of each word among the followers of the shorter
 *   context, which are complete only when all n-grams with that context are counted.
 * - No rows are needed: nothing is pruned, and no interrupted build has stored rows.
 * - The frequencies tell which words follow the empty context. In files of counts they do not.
 * - The source is in memory. The contexts of two words of one frequent word then fit into memory, too.
 */
export function canMakeTries(context: BuildContext, { ngrams, pruned }: CountSource): boolean {
  const { plan, workspace } = context;
  const tables = withContexts(plan.patterns);
  const isPlain = plan.order > 1 && tables.length === plan.order && tables.every(isContiguous);
  return (
    isPlain &&
    !plan.pruning &&
    clusteringSizes(plan.classes).length === 0 &&
    ngrams.weights !== 'counts' &&
    !pruned &&
    workspace.checkpoints?.hasTables !== true &&
    ngrams.length <= mostNumbers(context, ngrams)
  );
}

/** The finished tables of an interrupted build, and the sorts that are left; `undefined` if nothing was stored. */
export async function restore(context: BuildContext, stream: CountedStream): Promise<LeftToCount | undefined> {
  const { workspace } = context;
  const sorts = planSorts(stream.patterns, stream.order);
  return workspace.checkpoints?.leftToCount(stream.name, sorts, stream.types, () => context.checkAborted());
}

/**
 * Counts n-grams, adjusts the counts and writes the tables of one stream: positions of the source are sorted by the words around
 * them, and each sorted group becomes rows with raw or adjusted counts (Heafield et al. 2013).
 *
 * - Input: a stream, the output of its tables, and the result of `restore`.
 * - Output: an entry of the manifest for each table. Blocks and directories are in the store.
 * - When: after `choose-vocabulary.ts` for words, after `cluster-words.ts` for classes; before `write-model.ts`.
 *
 * @throws KNESER_LIMIT, KNESER_DISK_FULL, KNESER_IO, KNESER_ABORTED
 */
export async function run(
  context: BuildContext,
  stream: CountedStream,
  output: TableOutput,
  restored?: LeftToCount,
): Promise<TableManifest[]> {
  const { plan } = context;
  const { name, patterns, frequencies, types, order } = stream;
  const nothing = { sorts: planSorts(patterns, order), tables: [], unigrams: new Uint32Array(types) };
  const { sorts, tables, unigrams } = restored ?? nothing;
  const summaries = new Map(tables.map(({ table, ...summary }): [string, TableSummary] => [table, summary]));

  await sortAndCount(context, stream, output, { sorts, summaries, unigrams });
  const unigramCounts = order === 1 ? Uint32Array.from(frequencies) : unigrams;
  summaries.set(tableName([], name), await output.putUnigrams(unigramCounts));
  await output.endTables([[]]);
  const mixed = new Set(plan.patterns.map(pattern => tableName(pattern, name)));
  return patterns.map((pattern): TableManifest => {
    const table = tableName(pattern, name);
    const { rows, contexts, tokens, countsOfCounts } = summaries.get(table) ?? emptySummary();
    return { pattern: table, mixed: name !== 'words' || mixed.has(table), rows, contexts, tokens, countsOfCounts };
  });
}

/** The sorts that are left, and the results of the finished sorts, to which they add theirs. */
interface Left {
  readonly sorts: LeftToCount['sorts'];
  readonly summaries: Map<string, TableSummary>;
  readonly unigrams: Uint32Array;
}

/** Sorts the n-grams of a stream, and writes the tables and directories that are left. */
async function sortAndCount(
  context: BuildContext,
  stream: CountedStream,
  output: TableOutput,
  { sorts, summaries, unigrams }: Left,
): Promise<void> {
  const { workspace, work } = context;
  const { name, source, toId, frequencies, types, order, classOf } = stream;
  const { ngrams } = source;
  const threads = ngrams.length < SMALL_TEXT ? 0 : workspace.threads;
  const mergeMemory = Math.floor(workspace.memory / 8 / Math.max(1, threads));
  const { ranks } = output;
  const countPlan = {
    ...{ stream: name, order, sorts, weights: ngrams.weights, types, mergeMemory },
    ...(ranks ? { ranks } : {}),
    ...(classOf ? { classOf } : {}),
  };
  const pool = createPool({ ...workspace, threads }, countPlan, thread =>
    workspace.temporary(`runs-${name}-${thread}`),
  );
  const stop = (): void => void pool.abort();
  work.signal?.addEventListener('abort', stop);
  try {
    // The contexts of the word step begin with classes, which all have a frequency.
    const ids = name === 'word-step' ? frequencies.length : toId.reduce((most, id) => Math.max(most, id + 1), types);
    const partitions = planPartitions(frequencies, ids);
    await new TableCounting(context, stream, { sorts, partitions, pool, output, summaries }).run();
    const counted = await pool.finish();
    for (let id = 0; id < types; id++) unigrams[id] += counted[id];
    context.checkAborted();
  } catch (error) {
    await pool.abort();
    // If the caller aborted, stopped threads fail with errors of their own: KNESER_ABORTED goes first.
    context.checkAborted();
    throw error;
  } finally {
    work.signal?.removeEventListener('abort', stop);
  }
}

/** The words of a source as a stream. @param last whether no classes are counted after them. */
export function wordStream({ plan }: BuildContext, source: CountSource, last: boolean): CountedStream {
  const { ids, frequencies } = source.vocabulary;
  const types = frequencies.length;
  const patterns = withContexts(plan.patterns);
  return { name: 'words', source, patterns, order: plan.order, toId: ids, frequencies, types, last };
}

/**
 * The classes of the words of a source as a stream.
 *
 * @param clustering its number, from 0.
 * @param of the class of every id.
 * @param last whether no clustering follows it.
 */
export function classesOf(
  { plan }: BuildContext,
  source: CountSource,
  clustering: number,
  classes: number,
  of: Uint32Array,
  last: boolean,
): CountedStream {
  const { ids, frequencies: wordFrequencies } = source.vocabulary;
  const frequencies = classFrequencies(classes, of, wordFrequencies);
  const toId = ids.map(id => of[id]);
  const patterns = classPatterns(plan, clustering);
  const types = frequencies.length;
  return { name: classStream(clustering), source, patterns, order: plan.order, toId, frequencies, types, last };
}

/** By class id, how often its words occur. */
function classFrequencies(classes: number, of: Uint32Array, wordFrequencies: Float64Array): Float64Array {
  const frequencies = new Float64Array(FIRST_WORD + classes);
  for (let id = 1; id < wordFrequencies.length; id++) frequencies[of[id]] += wordFrequencies[id];
  return frequencies;
}

/**
 * The steps of Model M as streams.
 *
 * @param of the class of every id.
 */
export function stepsOf(
  { plan }: BuildContext,
  source: CountSource,
  classes: number,
  of: Uint32Array,
): (CountedStream & { readonly name: StepStream })[] {
  const { ids, frequencies: wordFrequencies } = source.vocabulary;
  const classOf = new Uint32Array(sharedMemory(4 * of.length));
  classOf.set(of);
  return STEPS.map((name, i) => {
    const patterns = stepPatterns(name, plan.order);
    return {
      name,
      source,
      patterns,
      order: patterns.length,
      toId: ids,
      frequencies: name === 'class-step' ? wordFrequencies : classFrequencies(classes, of, wordFrequencies),
      types: wordFrequencies.length,
      classOf,
      last: i === STEPS.length - 1,
    };
  });
}

/** The number of tables that are counted by sorting: all but the tables of unigrams, whose counts the sorts of contiguous n-grams yield. */
export function countSortedTables({ plan }: BuildContext, clusterings: number, withModelM: boolean): number {
  const ofClasses = Array.from({ length: clusterings }, (_, clustering) => classPatterns(plan, clustering));
  const ofSteps = withModelM ? STEPS.map(step => stepPatterns(step, plan.order)) : [];
  const all = [...withContexts(plan.patterns), ...ofClasses.flat(), ...ofSteps.flat()];
  return all.filter(pattern => pattern.length > 0).length;
}

/** The longest n-grams of the classes of every clustering but the first: longer ones add more n-grams than they lower the perplexity. */
const LONGEST_OF_MORE = 4;

/** Classes are counted by contiguous patterns alone: all of the order in the first clustering, of up to 4 classes in others. */
function classPatterns({ order }: BuildPlan, clustering: number): readonly Pattern[] {
  return choosePatterns(clustering === 0 ? order : Math.min(order, LONGEST_OF_MORE), {});
}
