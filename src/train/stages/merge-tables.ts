import { mergeRange, type MergePlan } from '../../count/merge-range.js';
import { planPartitions } from '../../count/partition.js';
import type { Level, SubtreeModel } from '../../count/subtrees.js';
import { sharedMemory } from '../../base/shared-memory.js';
import type { ModelStore } from '../../store/store.js';
import type { ModelBuilder } from '../../tables/builder.js';
import { workOnRanges } from '../../tables/node/range-threads.js';
import { contiguous, isContiguous, tableName } from '../../tables/pattern.js';
import { addSummary, emptySummary, type EncodedBlock, type TableSummary } from '../../tables/table-writer.js';
import { TrieColumns } from '../../tables/trie-columns.js';
import { openTrie, readTrieBlocks } from '../../tables/trie-rows.js';
import type { WordRange } from '../../tables/word-ranges.js';
import { SMALL_TEXT, WRITTEN_SHARE } from '../plan/budget.js';
import type { BuildContext } from './context.js';
import type { MergedTables } from './count-source.js';
import type { CountedModel } from './read-models.js';

/** Occurrences of the nearest words of a range, at least: the contexts of a range are in memory at once. */
const RANGE_POSITIONS = 1 << 20;
/** Bytes of an n-gram in memory: its word and count, and a context with its word, rows, children and place; with room to grow. */
const BYTES_AN_NGRAM = 40;
/** Share of the memory for the contexts of all ranges that are merged at a time. */
const RANGES_SHARE = 1 / 2;
/** Word ids are below this: see `subtrees.ts`. */
const MOST_WORDS = 2 ** 26;

/** The ranges of new ids that are merged, and how many of them at a time. */
interface Ranges {
  readonly ranges: readonly WordRange[];
  readonly threads: number;
}

/**
 * Plans the merging of models table by table.
 *
 * @param frequencies by new id, the occurrences in all texts.
 * @returns `undefined` where only sorting all n-grams anew will do: for skip patterns, classes and differences, and where the contexts
 *   of one word do not fit into the memory.
 */
export function planMerging(
  context: BuildContext,
  models: readonly CountedModel[],
  frequencies: Float64Array,
): Ranges | undefined {
  const { plan, place, options } = context;
  const { order } = plan;
  const isPlain = order > 1 && plan.patterns.every(isContiguous) && (options.classes ?? 0) === 0;
  if (!isPlain || models.some(({ times }) => times < 0) || frequencies.length > MOST_WORDS) return undefined;
  const { count, of } = planPartitions(frequencies, frequencies.length, RANGE_POSITIONS);
  const ends = new Array<number>(count).fill(0);
  const positions = new Array<number>(count).fill(0);
  for (let id = 0; id < of.length; id++) {
    ends[of[id]] = id + 1;
    positions[of[id]] += frequencies[id];
  }
  const most = Math.max(...positions) * (order - 1) * BYTES_AN_NGRAM;
  const threads = Math.min(place.threads, Math.floor((place.memory * RANGES_SHARE) / most));
  if (threads < 1) return undefined;
  return { ranges: ends.map((to, i) => ({ from: i === 0 ? 0 : ends[i - 1], to })), threads };
}

/**
 * Merges models table by table, range by range of the nearest word.
 *
 * - Input: models with contiguous tables; by model the number of each of its word ids; by number the new id.
 * - Output: blocks of rows of all tables but that of unigrams. Directories are left to the caller.
 * - Order: in place of sorting, after the vocabulary is joined.
 *
 * @throws KNESER_DAMAGED, KNESER_ABORTED, KNESER_DISK_FULL, KNESER_IO
 */
export async function mergeTables(
  context: BuildContext,
  models: readonly (CountedModel & { readonly numbers: Uint32Array })[],
  { ranges, threads }: Ranges,
  toId: Uint32Array,
  types: number,
  builder: ModelBuilder,
): Promise<MergedTables> {
  const { order } = context.plan;
  const unigrams = new Uint32Array(sharedMemory(4 * types));
  const subtrees: MergePlan['models'][number][] = [];
  for (const { store, numbers, times } of models) {
    const ids = numbers.map(number => toId[number]);
    subtrees.push({ ...(await describeSubtrees(store, order, ids)), times });
  }
  const plan: MergePlan = { order, models: subtrees, types, unigrams };
  const stores = models.map(({ store }) => store);
  const summaries = new Map<string, TableSummary>();
  const end = (_: number, parts: Awaited<ReturnType<typeof mergeRange>>): void => {
    for (const { table, summary } of parts) {
      const sum = summaries.get(table) ?? emptySummary();
      addSummary(sum, summary);
      summaries.set(table, sum);
    }
  };
  const collect = context.collectEvery(WRITTEN_SHARE, false);
  const take = (range: number, blocks: readonly EncodedBlock[]): Promise<void> => {
    collect(blocks.reduce((sum, { value }) => sum + value.length, 0));
    return builder.putBlocks(range, blocks);
  };
  const total = models.reduce((sum, { manifest }) => sum + manifest.tables.reduce((all, { rows }) => all + rows, 0), 0);
  let done = 0;
  const onRows = (rows: number): void => {
    context.checkAborted();
    // Blocks with the words of several ranges are read for each of them.
    done = Math.min(total, done + rows);
    context.report({ stage: 'count', done, total, unit: 'n-grams' });
  };
  if (total < SMALL_TEXT || threads === 1 || !context.place.startThread) {
    const memory: Level[][] = [];
    for (const [i, range] of ranges.entries())
      end(i, await mergeRange(stores, plan, range, blocks => take(i, blocks), onRows, memory));
  } else {
    const worker = new URL('../../count/merging-worker.js', import.meta.url);
    await workOnRanges(threads, { name: 'merging', worker, stores, plan, ranges, take, end, onRows });
  }
  context.report({ stage: 'count', done: total, total, unit: 'n-grams' });
  return { summaries, unigrams };
}

/** Describes the tables of a model. @param ids the new id of each of its word ids. */
export async function describeSubtrees(store: ModelStore, order: number, ids: Uint32Array): Promise<SubtreeModel> {
  const [unigrams, ...tables] = await Promise.all(
    Array.from({ length: order }, (_, i) => openTrie(store, tableName(contiguous(i + 1), 'words'))),
  );
  const columns = new TrieColumns();
  const words: number[] = [];
  for await (const { block } of readTrieBlocks(store, unigrams, 0, {})) {
    columns.read(block);
    for (let row = 0; row < block.rows; row++) words.push(ids[columns.ranks[row]]);
  }
  const nearest: number[] = [];
  for await (const { block } of readTrieBlocks(store, tables[0], 0, {})) {
    if (block.firstRow > 0) continue;
    block.readWords(columns.words);
    for (let c = 0; c < block.contexts; c++) nearest.push(columns.words[c]);
  }
  return {
    tables: tables.map(({ name, directory }) => ({ name, directory })),
    ids,
    words: Uint32Array.from(words),
    nearest: Uint32Array.from(nearest),
  };
}
