import { firstAtLeast } from '../base/search.js';
import type { ModelStore } from '../store/store.js';
import type { Block } from './block.js';
import { ContextBlocks } from './context-blocks.js';
import type { Directory } from './directory.js';
import type { ContextList } from './missing-parents.js';
import type { RowTable } from './table-reader.js';
import type { WordRange } from './word-ranges.js';

/** The contexts `from` … `to` − 1 of a block. */
export interface Portion {
  readonly block: Block;
  readonly from: number;
  readonly to: number;
}

/**
 * Reads the contexts of one table of counted rows whose nearest words are in a range.
 *
 * - Input: a table of counted rows.
 * - Output: these contexts, each with all its followers, in portions of blocks and in the order of the rows. The missing contexts stand at
 *   their places in this order, each with one row whose word is `NONE`. A portion is valid until the next portion is asked for.
 *
 * @param missing contexts that the table lacks and the trie needs.
 * @param onRows called with the number of rows of each block that are in the range, after the block was read.
 * @throws KNESER_DAMAGED
 */
export async function* readRange(
  store: ModelStore,
  table: RowTable,
  range: WordRange,
  missing: ContextList | undefined,
  onRows: (rows: number) => void,
): AsyncGenerator<Portion, void, void> {
  const { directory } = table;
  const first = startOf(directory, firstFrom(directory, range.from));
  const blocks = new ContextBlocks(store, table, () => undefined, first, firstFrom(directory, range.to));
  let inserted = missing ? firstMissing(missing, range.from) : 0;
  const end = missing ? firstMissing(missing, range.to) : 0;
  while (blocks.remaining > 0) {
    const block = await blocks.next();
    const [nearest] = block.contexts;
    let from = 0;
    let to = block.contextCount;
    while (from < to && nearest[from] < range.from) from++;
    while (from < to && nearest[to - 1] >= range.to) to--;
    onRows(block.starts[to] - block.starts[from]);
    for (; missing && inserted < end && from < to;) {
      const next = firstAfter(missing, inserted, block, from, to);
      if (next === to) break;
      if (next > from) yield { block, from, to: next };
      from = next;
      const context = contextOf(block, from);
      const start = inserted;
      while (inserted < end && missing.compare(inserted, context) < 0) inserted++;
      yield bareBlock(missing, start, inserted);
    }
    if (from < to) yield { block, from, to };
  }
  if (missing && inserted < end) yield bareBlock(missing, inserted, end);
}

/** The index of the first block whose first context has a nearest word of at least `word`; the number of blocks if there is none. */
function firstFrom({ columns, words }: Directory, word: number): number {
  return firstAtLeast(columns[0], words.length, word);
}

/**
 * The block with which reading a range begins: the block before `block`, because the first contexts of the range may be in it; `block`
 * itself if the block before has the last rows of a wide context, because it then has no other context.
 */
function startOf({ columns }: Directory, block: number): number {
  if (block === 0) return 0;
  const isWide = block > 1 && columns.every(column => column[block - 1] === column[block - 2]);
  return isWide ? block : block - 1;
}

/** The index of the first missing context whose nearest word is at least `word`. */
function firstMissing(missing: ContextList, word: number): number {
  let at = 0;
  while (at < missing.length && missing.at(at)[0] < word) at++;
  return at;
}

/** The first context of the contexts `from` ≤ c < `to` of a block that comes after missing context `index`; `to` if there is none. */
function firstAfter(missing: ContextList, index: number, block: Block, from: number, to: number): number {
  let context = from;
  while (context < to && missing.compare(index, contextOf(block, context)) > 0) context++;
  return context;
}

/** The words of a context of a block, nearest word first. */
function contextOf({ contexts }: Block, context: number): Uint32Array {
  return Uint32Array.from(contexts, column => column[context]);
}

/** The missing contexts `from` ≤ i < `to` as a portion: each has no followers, and the back-off 1 (log10: 0). */
function bareBlock(missing: ContextList, from: number, to: number): Portion {
  const length = to - from;
  const width = missing.at(from).length;
  const block = {
    contexts: Array.from({ length: width }, (_, j) => Uint32Array.from({ length }, (__, i) => missing.at(from + i)[j])),
    contextCount: length,
    starts: Uint32Array.from({ length: length + 1 }, (_, i) => i),
    pruned: new Uint32Array(length),
    words: new Uint32Array(length),
    counts: new Uint32Array(length).fill(1),
    numbers: { log10Probs: new Float64Array(length), backoffs: new Float64Array(length) },
  };
  return { block, from: 0, to: length };
}
