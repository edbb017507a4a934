import { sharedMemory } from '../../base/shared-memory.js';
import { KneserError } from '../../base/errors.js';
import { formatPattern } from '../../tables/pattern.js';
import { largestWord, type Block } from '../../tables/block.js';
import { TRIE_ROWS } from '../../tables/trie-block.js';
import type { ModelStore } from '../../store/store.js';
import { BOS, NONE } from '../../text/tokens.js';
import { addTotals } from '../../tables/context-totals.js';
import { damaged } from '../../tables/damage.js';
import { openTrie, readTrieRows } from '../../tables/trie-rows.js';
import { Contexts } from './contexts.js';
import type { TablePart } from './table-part.js';
import {
  canLoad,
  capacityFor,
  FOLLOWERS_AT,
  HEADER,
  isHashed,
  linkedTables,
  LINKS,
  numbersOf,
  roomFor,
  slotOf,
  type TableMemory,
} from './regions.js';

/**
 * Reads all blocks of a stream's tables.
 *
 * @param words word ids are below this.
 * @param numbers gets the log10 p and back-offs of a back-off model.
 */
export async function loadTables(
  store: ModelStore,
  parts: readonly TablePart[],
  words: number,
  onRows: (rows: number) => void,
  numbers?: TableNumbers,
): Promise<TableMemory[]> {
  if (!canLoad(parts, words)) {
    throw new KneserError(
      'KNESER_LIMIT',
      `${store.name}: a table has too many n-grams to be loaded as a whole; score from blocks, with tables: 'page' (--tables page)`,
    );
  }
  const tables: TableMemory[] = [];
  const contexts: (Contexts | undefined)[] = [];
  // Longer contexts first: the rows of a table then link to regions that are loaded already.
  for (let index = parts.length - 1; index >= 0; index--) {
    const part = parts[index];
    const links = linkedTables(parts, index).map(table => contexts[table] as Contexts);
    const loader = new TableLoader(part, words, links, numbers);
    const table = await openTrie(store, part.manifest.pattern);
    for await (const { number, block } of readTrieRows(store, table, 0, {})) {
      loader.add(block, `${store.name}: table ${table.name}, block ${number}`);
      onRows(block.starts[block.contextCount]);
    }
    loader.end(store.name);
    ({ table: tables[index], contexts: contexts[index] } = loader);
    for (const table of linkedTables(parts, index)) contexts[table] = undefined;
  }
  return tables;
}

/** log10 p and back-offs of a back-off model's tables, in one array that threads share. */
export class TableNumbers {
  readonly values: Float64Array;
  private used = 0;

  constructor(parts: readonly TablePart[]) {
    const count = parts.reduce((sum, part) => sum + numbersOf(part), 0);
    this.values = new Float64Array(tableMemory(8 * count));
  }

  /** Whether more numbers were added than the array has room for. */
  get overflown(): boolean {
    return this.used > this.values.length;
  }

  /** Adds a number. @returns its index + 1. */
  add(value: number): number {
    this.values[this.used++] = value;
    return this.used;
  }
}

/** Puts the blocks of a table into memory, in their order. */
class TableLoader {
  readonly table: TableMemory;
  readonly contexts: Contexts | undefined;
  /** Numbers in use. The first HEADER numbers stay 0: they are the region to which the link 0 (no context) leads. */
  private used = HEADER;
  /** For each row of the current block, its index in `data`. */
  private readonly rows = new Uint32Array(TRIE_ROWS);
  /** The region of the current wide context, and (`missing`) how many of its rows are in later blocks. */
  private region = 0;
  private missing = 0;
  private readonly totals = new Uint32Array(4 * TRIE_ROWS);

  constructor(
    part: TablePart,
    private readonly words: number,
    private readonly linked: readonly Contexts[],
    private readonly numbers: TableNumbers | undefined,
  ) {
    const { pattern, contextTable, contextColumn, manifest } = part;
    const data = new Uint32Array(tableMemory(4 * roomFor(part, words, linked.length)));
    this.table = { pattern, contextTable, contextColumn, stride: LINKS + linked.length, data };
    if (pattern.length > 0) this.contexts = new Contexts(pattern, words, manifest);
  }

  add(block: Block, name: string): void {
    const { rows, linked } = this;
    const { data } = this.table;
    this.check(block, name);
    this.placeNumbers(block);
    if (this.contexts) this.addRegions(block, this.contexts, name);
    else this.addUnigrams(block);
    for (let i = 0; i < linked.length; i++) linked[i].link(block, rows, data, LINKS + i);
  }

  /** Checks that the table is complete. @param name the name of the store, for messages. @throws KNESER_DAMAGED */
  end(name: string): void {
    const { table, linked, contexts } = this;
    const { data, stride, pattern } = table;
    if (!contexts) {
      linked.forEach((other, i) => other.linkWord(BOS, data, HEADER + BOS * stride + LINKS + i));
    }
    const problem =
      this.missing > 0
        ? 'its last context has fewer rows than its totals say'
        : this.numbers?.overflown
          ? 'it has more numbers than the manifest says'
          : linked.every(other => other.linked)
            ? undefined
            : 'a context of a longer table is no n-gram of this one';
    if (problem) throw damaged(`${name}: table ${formatPattern(pattern)}`, problem);
  }

  private check(block: Block, name: string): void {
    if (largestWord(block) >= this.words) throw damaged(name, 'a row has a word that the model does not have');
    if (this.numbers && !block.numbers)
      throw damaged(name, 'it has counts, where a back-off model has log10 probabilities');
  }

  /** Moves the log10 p and back-offs of a block to `numbers`, and replaces counts and totals by references to them. */
  private placeNumbers({ words, counts, contextCount, starts, numbers }: Block): void {
    if (!this.numbers || !numbers) return;
    for (let row = 0; row < starts[contextCount]; row++) {
      counts[row] = words[row] === NONE ? 0 : this.numbers.add(numbers.probabilities[row]);
    }
  }

  private addUnigrams(block: Block): void {
    const { rows, totals } = this;
    const { data, stride } = this.table;
    const { words, counts, starts } = block;
    addTotals(block, 0, totals);
    // In a back-off model the empty context has no back-off. (Other contexts keep the reference to it in place of Σc.)
    if (this.numbers) data[FOLLOWERS_AT] = totals[FOLLOWERS_AT];
    else data.set(totals.subarray(0, 4));
    for (let row = 0; row < starts[1]; row++) {
      const at = HEADER + words[row] * stride;
      data[at] = words[row];
      data[at + 1] = counts[row];
      rows[row] = at;
    }
  }

  private addRegions(block: Block, contexts: Contexts, name: string): void {
    const { totals, table, numbers } = this;
    const { data, stride } = table;
    const { contexts: columns, contextCount, starts, pruned, words, counts } = block;
    const { rows } = this;
    const canBeSingle = !numbers && !block.wide;
    for (let c = 0; c < contextCount; c++) {
      const row = starts[c];
      const length = starts[c + 1] - row;
      if (canBeSingle && length === 1 && pruned[c] === 0 && this.missing === 0) {
        // A single follower, as most contexts have: no header, and nothing to add up.
        const at = this.used;
        this.used = at + stride;
        if (this.used > data.length || contexts.count === contexts.links.length) throw damaged(name, MORE_ROWS);
        contexts.add(columns, c, 2 * at + 1);
        data[at] = words[row];
        data[at + 1] = counts[row];
        rows[row] = at;
        continue;
      }
      if (this.missing > 0) {
        // A further block of a wide context.
        if (!block.wide || length > this.missing) throw damaged(name, WRONG_TOTALS);
        this.missing -= length;
        this.placeRows(block, c, this.region, block.wide.followers);
        continue;
      }
      addTotals(block, c, totals);
      const followers = totals[4 * c + 3];
      const region = this.used;
      this.used += HEADER + capacityFor(followers) * stride;
      if (followers < length) throw damaged(name, WRONG_TOTALS);
      if (this.used > data.length || contexts.count === contexts.links.length) {
        throw damaged(name, MORE_ROWS);
      }
      contexts.add(columns, c, 2 * region);
      for (let j = 0; j < 4; j++) data[region + j] = totals[4 * c + j];
      data[region + 4] = pruned[c];
      if (numbers && block.numbers) data[region] = numbers.add(block.numbers.backoffs[c]);
      this.region = region + HEADER;
      this.missing = followers - length;
      this.placeRows(block, c, this.region, followers);
    }
  }

  private placeRows({ words, counts, starts }: Block, c: number, start: number, followers: number): void {
    const { rows } = this;
    const { data, stride } = this.table;
    const hashed = isHashed(followers);
    const capacity = capacityFor(followers);
    let next = start;
    for (let row = starts[c]; row < starts[c + 1]; row++) {
      let at = next;
      if (hashed) {
        let slot = slotOf(words[row], capacity);
        while (data[start + slot * stride] !== NONE) if (++slot === capacity) slot = 0;
        at = start + slot * stride;
      }
      data[at] = words[row];
      data[at + 1] = counts[row];
      rows[row] = at;
      next += stride;
    }
  }
}

function tableMemory(bytes: number): ArrayBufferLike {
  try {
    return sharedMemory(bytes);
  } catch (error) {
    const megabytes = Math.round(bytes / 2 ** 20);
    throw new KneserError(
      'KNESER_LIMIT',
      `tables: there are no ${megabytes} MB of memory for one; use tables: 'page' (--tables page)`,
      {
        cause: error,
      },
    );
  }
}

const MORE_ROWS = 'the table has more contexts or rows than the manifest says';
const WRONG_TOTALS = 'a context has more rows than its totals say';
