import type { ModelStore, ModelWriter } from '../store/store.js';
import { sharedMemory } from '../base/shared-memory.js';
import { NONE } from '../text/tokens.js';
import { openCursor } from './open-cursor.js';
import { damagedTable } from './damage.js';
import { indexRange, NO_RANK, type IndexedTable, type RangePlan } from './index-range.js';
import { JoinedRanges, type JoinedTable } from './joined-ranges.js';
import { missingParents } from './missing-parents.js';
import { parentPattern, tableName, type Pattern, type Stream } from './pattern.js';
import { putRootTable } from './root-table.js';
import { isTrie, openTable } from './table-reader.js';
import { BIGRAMS_A_RANGE, divideWords, findRanges } from './word-ranges.js';
import type { IndexThreads } from './index-threads.js';

/** The figures that an indexed table may have changed: adding missing parents adds contexts. */
export interface IndexFigures {
  /** Number of contexts. */
  readonly contexts: number;
  /** Number of contexts without followers, which only a back-off model has. */
  readonly bare: number;
}

/** The tables that are indexed. */
export interface IndexPlan {
  /** The patterns of the tables: first the empty pattern, and each pattern after its parent pattern. */
  readonly patterns: readonly Pattern[];
  readonly stream: Stream;
  /** Number of word ids in use: all ids are below it. */
  readonly types: number;
  /** Whether rows have log10 probabilities in place of counts. */
  readonly isBackoff: boolean;
  /** Whether some contexts have no followers: then their parents may be missing. Default: whether the tables are of a back-off model. */
  readonly hasBare?: boolean;
  /** By word id, the occurrences in the text, from which ranges are computed; without them, ranges are computed from the table of bigrams. */
  readonly frequencies?: Float64Array;
  /** The least number of distinct bigrams of a range, as in {@link findRanges}. */
  readonly bigramsARange?: number;
}

/**
 * Makes tries of the tables of a stream.
 *
 * - Input: the tables of a stream as rows.
 * - Output: the same tables as tries, in which n-grams are found without decoding a block, and the directory of each table.
 * - Works from the table of the empty pattern to all others. These are divided into ranges of the nearest word, which threads index
 *   independently of each other; the ranges are joined in ascending order.
 *
 * @param threads the threads that index ranges; without them, the caller's thread indexes all.
 * @param onRows called with the number of rows of each block, after it was read; throws to stop.
 * @returns the figures of each table, by its name.
 * @throws KNESER_DAMAGED where an n-gram lacks the n-gram without its farthest word.
 */
export async function indexTables(
  from: ModelStore,
  to: Pick<ModelWriter, 'put'>,
  plan: IndexPlan,
  threads: IndexThreads | undefined,
  onRows: (rows: number) => void,
): Promise<ReadonlyMap<string, IndexFigures>> {
  const { patterns, stream, isBackoff, hasBare = isBackoff, frequencies, bigramsARange = BIGRAMS_A_RANGE } = plan;
  const [root, ...longer] = patterns;
  const first = await indexWords(from, to, tableName(root, stream), plan, onRows);
  const missing = hasBare ? await missingParents(from, patterns, stream) : [];
  const tables: IndexedTable[] = [];
  for (const [i, pattern] of longer.entries()) {
    const name = tableName(pattern, stream);
    const parent = longer.findIndex(other => other.join() === parentPattern(pattern).join());
    const table = await openTable(from, name, pattern.length);
    if (isTrie(table)) throw damagedTable(from.name, name, 'it is indexed already');
    tables.push({ table, parent, missing: missing.at(i + 1) });
  }
  const rangePlan: RangePlan = { tables, ranks: first.ranks, isBackoff };
  const joined = new JoinedRanges(
    tables.map(({ table: { name }, parent }) => ({ name, parent })),
    to,
  );
  const bigrams = longer.find(pattern => pattern.length === 1 && pattern[0] === 1);
  const ranges = frequencies
    ? divideWords(frequencies)
    : await findRanges(from, bigrams && tableName(bigrams, stream), bigramsARange);
  if (threads && ranges.length > 1) {
    await threads.run(from, rangePlan, ranges, joined, onRows);
  } else {
    for (const [i, range] of ranges.entries())
      joined.end(i, await indexRange(from, rangePlan, range, blocks => joined.put(i, blocks), onRows));
  }
  const parts = await joined.finish();
  return new Map([[tableName(root, stream), first.figures], ...parts.map(toEntry)]);
}

function toEntry({ name, contexts, bare }: JoinedTable): [string, IndexFigures] {
  return [name, { contexts, bare }];
}

/** Indexes the table of the empty pattern, which has one context. @returns its figures and, by word id, the rank of each word. */
async function indexWords(
  from: ModelStore,
  to: Pick<ModelWriter, 'put'>,
  name: string,
  { types, isBackoff }: IndexPlan,
  onRows: (rows: number) => void,
): Promise<{ readonly ranks: Uint32Array; readonly figures: IndexFigures }> {
  const ranks = new Uint32Array(sharedMemory(4 * types)).fill(NO_RANK);
  const cursor = await openCursor(from, name, 0, onRows);
  let bare = 0;
  const contexts = await putRootTable(to, name, isBackoff, async writer => {
    const { done: isEmpty } = cursor;
    if (isEmpty) return;
    const { words, counts, pruned, log10Probs, backoff } = cursor;
    const length = cursor.to - cursor.from;
    const isBare = isBackoff && length === 1 && words[cursor.from] === NONE;
    const followers = words.slice(cursor.from, cursor.to);
    if (isBare) bare++;
    else for (let i = 0; i < length; i++) ranks[followers[i]] = i;
    const numbers = isBackoff ? { log10Probs, backoff, bare: isBare } : undefined;
    writer.group(0, 0, followers, counts, cursor.from, length, pruned, numbers);
    writer.flush();
    const more = cursor.advance();
    if (more) await more;
    if (!cursor.done) throw damagedTable(from.name, name, 'it has more than one context');
  });
  return { ranks, figures: { contexts, bare } };
}
