import { clusteringSizes } from '../plan/mixture-options.js';
import { sharedMemory } from '../../base/shared-memory.js';
import { MergeMemory, mergeUnit, type MergedFigures, type MergePlan, type MergeUnit } from '../../count/merge-range.js';
import { mergeOnThreads } from '../../count/merging-threads.js';
import type { SubtreeModel } from '../../count/subtrees.js';
import type { ModelStore, ModelWriter } from '../../store/store.js';
import { unigramRows } from '../../tables/builder.js';
import type { RangeBlock } from '../../tables/index-range.js';
import type { TableManifest } from '../../tables/manifest.js';
import { contiguous, isContiguous, tableName, withContexts } from '../../tables/pattern.js';
import { addSummary, emptySummary } from '../../tables/table-writer.js';
import { TrieColumns } from '../../tables/trie-columns.js';
import { openTrie, readTrieBlocks } from '../../tables/trie-blocks.js';
import { divideWords } from '../../tables/word-ranges.js';
import { SMALL_TEXT, WRITTEN_SHARE } from '../plan/budget.js';
import type { BuildContext } from './context.js';
import type { CountedModel, NumberedModel, SourceFigures } from './count-source.js';
import { TrieTables } from './table-output.js';

/** Occurrences of the nearest words of a unit, at least: the contexts of a unit are in memory at once. */
const UNIT_POSITIONS = 1 << 20;
/**
 * Bytes of memory for each occurrence of a unit's nearest words. The n-grams of two lengths are in memory at a time, at most as many as there
 * are occurrences, and far fewer of the shorter ones. An n-gram takes up to 42 bytes in its model (its row, its context and their places,
 * with room to grow) and, unless it is one of the longest, as many bytes again in the merged level.
 */
const BYTES_A_POSITION = 3 * 42;
/** Share of the memory for the contexts of all units that are merged at a time. */
const UNITS_SHARE = 1 / 2;

/** How models are merged: the units of new ids, and how many of them at a time. */
interface Merging {
  readonly units: readonly MergeUnit[];
  readonly threads: number;
}

/** Models whose tables are merged in the order in which the models have them: no n-gram is sorted again. */
export interface MergedModels extends SourceFigures, Merging {
  readonly models: readonly NumberedModel[];
  /** Number of rows of all their tables of words. */
  readonly rows: number;
}

/**
 * Plans the merging of models table by table.
 *
 * @param frequencies by new id, the occurrences in all texts.
 * @returns `undefined` if all n-grams must be sorted again: for skip patterns, classes and differences, and if the contexts of one word
 *   do not fit into the memory.
 */
export function planMerging(
  context: BuildContext,
  models: readonly CountedModel[],
  frequencies: Float64Array,
): Merging | undefined {
  const { plan, workspace } = context;
  const { order } = plan;
  const tables = withContexts(plan.patterns);
  const isPlain =
    order > 1 &&
    tables.length === order &&
    tables.every(isContiguous) &&
    !plan.pruning &&
    clusteringSizes(plan.classes).length === 0;
  if (!isPlain || models.some(({ times }) => times < 0)) return undefined;
  const units: MergeUnit[] = [];
  let most = 0;
  let positions = 0;
  let from = 0;
  let cuts: number[] = [];
  for (const range of divideWords(frequencies)) {
    for (let id = range.from; id < Math.min(range.to, frequencies.length); id++) positions += frequencies[id];
    if (range.from > from) cuts.push(range.from);
    most = Math.max(most, positions);
    if (positions < UNIT_POSITIONS && range.to < frequencies.length) continue;
    units.push({ from, to: range.to, cuts });
    from = range.to;
    positions = 0;
    cuts = [];
  }
  const threads = Math.min(workspace.threads, Math.floor((workspace.memory * UNITS_SHARE) / (most * BYTES_A_POSITION)));
  return threads < 1 ? undefined : { units, threads };
}

/**
 * Merges models table by table, unit by unit of the nearest word.
 *
 * - Input: models with contiguous tables, and the joined vocabulary, from `read-models.ts`.
 * - Output: the tries of all tables in the store of the new model, and their entries of the manifest.
 * - When: in place of sorting and indexing, after the vocabulary is joined.
 *
 * @throws KNESER_DAMAGED, KNESER_ABORTED, KNESER_DISK_FULL, KNESER_IO
 */
export async function run(
  context: BuildContext,
  { models, units, threads, rows: total, vocabulary }: MergedModels,
  to: Pick<ModelWriter, 'put'>,
): Promise<TableManifest[]> {
  const { order } = context.plan;
  const { ids: toId } = vocabulary;
  const types = vocabulary.frequencies.length;
  const { plan, occurs, words } = await describeModels(
    models.map(({ store, numbers, times }) => ({ store, times, ids: numbers.map(number => toId[number]) })),
    order,
    types,
  );
  const { unigrams } = plan;
  const output = new TrieTables(to, order, occurs);
  const stores = models.map(({ store }) => store);
  const names = Array.from({ length: order }, (_, i) => tableName(contiguous(i + 1), 'words'));
  const summaries = names.map(emptySummary);
  const end = (unit: number, parts: MergedFigures): void => {
    for (const [i, part] of parts.entries()) addSummary(summaries[i + 1], part);
    output.endPartition(unit, new Map(parts.map(({ contexts }, i) => [names[i + 1], contexts])));
  };
  const collect = context.collectEvery(WRITTEN_SHARE, false);
  const take = (unit: number, blocks: readonly RangeBlock[]): Promise<void> => {
    collect(blocks.reduce((sum, { value }) => sum + value.length, 0));
    return output.putBlocks(unit, blocks);
  };
  let done = 0;
  const onRows = (rows: number): void => {
    context.checkAborted();
    // Blocks with the words of several units are read for each of them.
    done = Math.min(total, done + rows);
    context.report({ stage: 'count', done, total, unit: 'n-grams' });
  };
  if (total < SMALL_TEXT || threads === 1 || !context.workspace.startThread) {
    const memory = new MergeMemory(models.length);
    for (const [i, unit] of units.entries())
      end(i, await mergeUnit(stores, plan, unit, blocks => take(i, blocks), onRows, memory));
  } else {
    await mergeOnThreads(threads, { stores, plan, ranges: units, take, end, onRows });
  }
  await output.endTables([contiguous(order)]);
  context.report({ stage: 'count', done: total, total, unit: 'n-grams' });
  const counts = new Uint32Array(types);
  for (const [rank, word] of words.entries()) counts[word] = unigrams[rank];
  summaries[0] = await output.putUnigrams(counts);
  const mixed = new Set(context.plan.patterns.map(pattern => tableName(pattern, 'words')));
  return names.map((pattern, i) => {
    const { rows, contexts, tokens, countsOfCounts } = summaries[i];
    return { pattern, mixed: mixed.has(pattern), rows, contexts, tokens, countsOfCounts };
  });
}

/** A model that is merged. */
interface DescribedModel {
  readonly store: ModelStore;
  /** By word id of the model, the new id. */
  readonly ids: Uint32Array;
  /** How often its text counts. */
  readonly times: number;
}

/**
 * Describes models as merging needs them.
 *
 * @param types new ids are below it.
 * @returns also, by new id, whether the word follows the merged empty context (1 or 0), and these words, ascending.
 */
export async function describeModels(
  models: readonly DescribedModel[],
  order: number,
  types: number,
): Promise<{ readonly plan: MergePlan; readonly occurs: Uint8Array; readonly words: Uint32Array }> {
  const described = await Promise.all(models.map(({ store, ids }) => describeSubtrees(store, order, ids)));
  const occurs = new Uint8Array(types);
  for (const { words } of described) for (const word of words) occurs[word] = 1;
  const { words, length } = unigramRows(occurs);
  const ranks = new Uint32Array(types);
  for (let rank = 0; rank < length; rank++) ranks[words[rank]] = rank;
  const subtrees = described.map(({ words: followers, ...model }, i) => ({
    ...model,
    ranks: followers.map(word => ranks[word]),
    times: models[i].times,
  }));
  const unigrams = new Uint32Array(sharedMemory(4 * length));
  return { plan: { order, models: subtrees, unigrams }, occurs, words: words.subarray(0, length) };
}

/**
 * Describes the tables of a model, and reads the followers of its empty context as new ids.
 *
 * @param ids the new id of each of its word ids.
 */
async function describeSubtrees(
  store: ModelStore,
  order: number,
  ids: Uint32Array,
): Promise<Omit<SubtreeModel, 'ranks'> & { readonly words: Uint32Array }> {
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
