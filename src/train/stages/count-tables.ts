import { planSorts } from '../../count/adjust.js';
import { planPartitions } from '../../count/partition.js';
import { createPool } from '../../count/pool.js';
import type { ModelBuilder } from '../../tables/builder.js';
import type { TableManifest } from '../../tables/manifest.js';
import { isContiguous, tableName, withContexts } from '../../tables/pattern.js';
import { emptySummary, type TableSummary } from '../../tables/table-writer.js';
import { SMALL_TEXT } from '../plan/budget.js';
import { clusteringSizes } from '../plan/mixture-options.js';
import type { LeftToCount } from '../resume/checkpoints.js';
import type { BuildContext } from './context.js';
import type { CountSource } from './count-source.js';
import type { CountedStream } from './counted-streams.js';
import { mostNumbers, TableCounting } from './table-counting.js';
import { RowTables, type TableOutput } from './table-output.js';

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
 * - When: after `choose-vocabulary.ts` for words, in `count-classes.ts` for classes; before `write-model.ts`.
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

/** Counts the tables of a stream into rows, except those that an interrupted build has finished. @returns as {@link run}. */
export async function countRows(
  context: BuildContext,
  stream: CountedStream,
  builder: ModelBuilder,
): Promise<TableManifest[]> {
  return run(context, stream, new RowTables(builder, stream.name), await restore(context, stream));
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
