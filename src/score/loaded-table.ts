import type { Pattern } from '../pattern.js';
import { blankBlock, BLOCK_ENTRIES, decodeBlock, type Block } from '../store/block.js';
import { blockKey } from '../store/keys.js';
import type { ModelStore } from '../store/store.js';
import { NONE } from '../text/tokens.js';
import { decodeValue } from '../store/decode.js';
import { addTotals, blockName, firstRow, readDirectory } from './block-reader.js';
import type { Batch } from './batch.js';
import { COUNT, FOLLOWERS, ONES, PRUNED, TOTAL, TWOS, type CountTable, type Evidence } from './evidence.js';

/** Words of a batch for loaded tables: enough that cache misses of different words overlap, few enough for the cache. */
export const LOADED_BATCH = 1024;

const BLOCKS_A_READ = 256;

/**
 * A context record: its farthest word, Σc, N1, N2, followers, where its rows begin, how much of Σc was pruned, then a
 * place for each child table. A context with one follower, as most are, has no row: the follower stands in the place of the
 * rows, and its count is what of Σc was not pruned.
 */
const RECORD = 7;
/** Regions with at most this many entries are searched from the front. */
const SCANNED = 8;

/** At most so many bytes does a table take when loaded. */
export function loadedBytes(contexts: number, rows: number, childTables: number): number {
  return 4 * (contexts * ((RECORD + childTables) * 1.5 + 1) + rows * 3);
}

/**
 * A table whole in memory: a trie of contexts, nearest word first. The children of a context, its longer contexts in one
 * table, lie in one region behind their number; its followers in another. A region of more than a few entries is a small
 * open-addressing hash of its own. So tables load front to back, no key is kept twice, a look-up is one cache miss a
 * context and one a row, and the words of a batch are looked up one after the other so that their misses overlap.
 */
export class LoadedTable implements CountTable {
  /** For each word of the batch, where its context's record is, or 0: what the tables of longer contexts go on from. */
  readonly records = new Uint32Array(LOADED_BATCH);
  /** Regions of context records. */
  contexts: Uint32Array;
  private used = 1;
  /** Pairs of word and count. */
  private readonly rows: Uint32Array;
  private rowsUsed = 0;
  private readonly stride: number;
  private children = 0;
  /** Which field of the parent's records says where this table's regions are. */
  private readonly field: number;

  /**
   * @param parent the table without the farthest word; `undefined` for the empty pattern.
   * @param childTables how many tables have this one as their parent.
   */
  constructor(
    private readonly name: string,
    readonly pattern: Pattern,
    private readonly index: number,
    private readonly parent: LoadedTable | undefined,
    childTables: number,
    contexts: number,
    rows: number,
  ) {
    this.stride = RECORD + childTables;
    this.field = parent ? RECORD + parent.children++ : 0;
    this.contexts = new Uint32Array(1 + Math.ceil(contexts * (1.5 * this.stride + 1)));
    this.rows = new Uint32Array(Math.ceil(rows * 3));
  }

  look(batch: Batch, evidence: Evidence): undefined {
    this.findContexts(batch);
    const { records, contexts, rows } = this;
    const { ids, targets, length } = batch;
    const { data } = evidence;
    for (let t = 0; t < length; t++) {
      const record = records[t];
      const at = evidence.at(t, this.index);
      if (record === 0) {
        evidence.clear(at);
        continue;
      }
      const followers = contexts[record + 4];
      data[at + TOTAL] = contexts[record + 1];
      data[at + ONES] = contexts[record + 2];
      data[at + TWOS] = contexts[record + 3];
      data[at + FOLLOWERS] = followers;
      data[at + PRUNED] = contexts[record + 6];
      const start = contexts[record + 5];
      const word = ids[targets[t]];
      if (followers === 1) {
        data[at + COUNT] = start === word ? contexts[record + 1] - contexts[record + 6] : 0;
        continue;
      }
      const capacity = capacityFor(followers);
      let slot = followers <= SCANNED ? 0 : slotOf(word, capacity);
      let count = 0;
      for (let probes = 0; probes < capacity; probes++) {
        const found = rows[2 * (start + slot)];
        if (found === word) {
          count = rows[2 * (start + slot) + 1];
          break;
        }
        if (found === NONE) break;
        if (++slot === capacity) slot = 0;
      }
      data[at + COUNT] = count;
    }
    return undefined;
  }

  /** Makes `records` those of the batch's contexts. */
  private findContexts(batch: Batch): void {
    const { records, parent, pattern, contexts, field } = this;
    const { ids, targets, length } = batch;
    if (!parent) {
      // The empty context, which is always there.
      records.fill(2, 0, length);
      return;
    }
    const distance = pattern[pattern.length - 1];
    const above = parent.contexts;
    const aboveRecords = parent.records;
    for (let t = 0; t < length; t++) {
      const record = aboveRecords[t];
      const word = ids[targets[t] - distance];
      const region = record === 0 ? 0 : above[record + field];
      records[t] = region === 0 || word === NONE ? 0 : findRecord(contexts, region, this.stride, word);
    }
  }

  /** Reads all blocks of the table. The tables of its nearer words are loaded already. */
  async load(store: ModelStore, onRows: (rows: number) => void): Promise<void> {
    const { pattern } = this;
    const width = pattern.length;
    const ancestors: LoadedTable[] = [];
    for (let table = this.parent; table; table = table.parent) ancestors.unshift(table);
    const loader = new Loader(this, ancestors);
    const directory = await readDirectory(store, this.name, width);
    const blockCount = directory.words.length;
    const totals = new Uint32Array(4 * BLOCK_ENTRIES);
    const reuse = blankBlock(width, BLOCK_ENTRIES, BLOCK_ENTRIES);
    let rowsRead = 0;
    for (let from = 0; from < blockCount; from += BLOCKS_A_READ) {
      const numbers = Array.from({ length: Math.min(BLOCKS_A_READ, blockCount - from) }, (_, i) => from + i);
      const values = await store.getMany(numbers.map(number => blockKey(this.name, firstRow(directory, number))));
      numbers.forEach((number, i) => {
        const where = blockName(store, this.name, number);
        const block = decodeValue(where, values[i], value => decodeBlock(value, width, reuse));
        for (let c = 0; c < block.contextCount; c++) {
          const begins = loader.moveTo(block.contexts, c);
          if (begins) {
            addTotals(block, c, totals);
            loader.addContext(totals, 4 * c, block.words[block.starts[c]], block.pruned[c]);
          }
          this.addRows(block, c, loader.rowStart, loader.followers);
        }
        rowsRead += block.starts[block.contextCount];
      });
      onRows(rowsRead);
    }
    loader.end();
  }

  /** Room for the rows of a context; returns where they begin. */
  reserveRows(followers: number): number {
    const start = this.rowsUsed;
    this.rowsUsed += capacityFor(followers);
    return start;
  }

  /** Makes a region of records, given one behind the other, and returns where it is. */
  addRegion(records: Uint32Array, count: number): number {
    const { contexts, stride } = this;
    const region = this.used;
    const capacity = capacityFor(count);
    contexts[region] = capacity;
    for (let i = 0; i < count; i++) {
      const from = i * RECORD;
      let slot = capacity <= SCANNED ? i : slotOf(records[from], capacity);
      while (contexts[region + 1 + slot * stride + 4] !== 0) if (++slot === capacity) slot = 0;
      const to = region + 1 + slot * stride;
      for (let j = 0; j < RECORD; j++) contexts[to + j] = records[from + j];
    }
    this.used = region + 1 + capacity * stride;
    return region;
  }

  /** Where the record of the context with a farthest word is, given its parent's record. */
  find(parentRecord: number, word: number): number {
    const region = this.parent ? this.parent.contexts[parentRecord + this.field] : 1;
    return region === 0 ? 0 : findRecord(this.contexts, region, this.stride, word);
  }

  /** Notes at a context of the parent table where its region in this table is. */
  attach(parentRecord: number, region: number): void {
    if (this.parent) this.parent.contexts[parentRecord + this.field] = region;
  }

  private addRows({ words, counts, starts }: Block, context: number, start: number, followers: number): void {
    if (followers === 1) return;
    const { rows } = this;
    const capacity = capacityFor(followers);
    let next = start;
    for (let row = starts[context]; row < starts[context + 1]; row++) {
      const word = words[row];
      let at = next++;
      if (followers > SCANNED) {
        let slot = slotOf(word, capacity);
        while (rows[2 * (start + slot)] !== NONE) if (++slot === capacity) slot = 0;
        at = start + slot;
      }
      rows[2 * at] = word;
      rows[2 * at + 1] = counts[row];
    }
  }
}

/** Follows a table's contexts in their order, and gathers those with the same parent into regions. */
class Loader {
  rowStart = 0;
  followers = 0;
  private readonly words: Uint32Array;
  private readonly path: Uint32Array;
  private records = new Uint32Array(RECORD * 64);
  private count = 0;

  constructor(
    private readonly table: LoadedTable,
    private readonly ancestors: readonly LoadedTable[],
  ) {
    this.words = new Uint32Array(table.pattern.length);
    // path[j] is the record of the first j words in the j-th ancestor.
    this.path = new Uint32Array(ancestors.length + 1);
    this.path[0] = 2;
  }

  /** Moves to a context; false if it is the one at hand, as for a wide context's later blocks. */
  moveTo(columns: readonly Uint32Array[], c: number): boolean {
    const { words, ancestors, path } = this;
    const width = words.length;
    if (width === 0) return this.count === 0;
    let different = 0;
    if (this.count > 0) while (different < width && columns[different][c] === words[different]) different++;
    if (different === width) return false;
    if (different < width - 1) {
      this.end();
      for (let j = different; j < width - 1; j++) {
        words[j] = columns[j][c];
        path[j + 1] = ancestors[j + 1].find(path[j], words[j]);
      }
    }
    words[width - 1] = columns[width - 1][c];
    return true;
  }

  addContext(totals: Uint32Array, at: number, firstFollower: number, pruned: number): void {
    const { words, table } = this;
    if ((this.count + 1) * RECORD > this.records.length) {
      const larger = new Uint32Array(2 * this.records.length);
      larger.set(this.records);
      this.records = larger;
    }
    const { records } = this;
    const record = this.count++ * RECORD;
    this.followers = totals[at + 3];
    this.rowStart = this.followers === 1 ? firstFollower : table.reserveRows(this.followers);
    records[record] = words.length > 0 ? words[words.length - 1] : NONE;
    records[record + 1] = totals[at];
    records[record + 2] = totals[at + 1];
    records[record + 3] = totals[at + 2];
    records[record + 4] = totals[at + 3];
    records[record + 5] = this.rowStart;
    records[record + 6] = pruned;
  }

  /** The contexts of one parent are complete. */
  end(): void {
    if (this.count === 0) return;
    const region = this.table.addRegion(this.records, this.count);
    this.table.attach(this.path[Math.max(0, this.ancestors.length - 1)], region);
    this.count = 0;
  }
}

/** Entries that a region of `count` has room for: no spare ones while it is scanned, half as many again when hashed. */
function capacityFor(count: number): number {
  return count <= SCANNED ? count : count + (count >>> 1);
}

/** Where a word's record is in a region, or 0. */
function findRecord(contexts: Uint32Array, region: number, stride: number, word: number): number {
  const capacity = contexts[region];
  let slot = capacity <= SCANNED ? 0 : slotOf(word, capacity);
  for (let probes = 0; probes < capacity; probes++) {
    const record = region + 1 + slot * stride;
    const found = contexts[record];
    if (found === word) return record;
    if (found === NONE) return 0;
    if (++slot === capacity) slot = 0;
  }
  return 0;
}

/** Where to begin to look for a word in a region: a multiplicative hash, scaled. */
function slotOf(word: number, capacity: number): number {
  return Math.floor((Math.imul(word, 0x9e3779b1) >>> 0) * (capacity / 2 ** 32));
}
