import type { Pattern } from '../pattern.js';
import { decodeBlock } from '../store/block.js';
import { blockKey } from '../store/keys.js';
import type { ModelStore } from '../store/store.js';
import { NONE } from '../text/tokens.js';
import { decodeValue, firstRow, readDirectory } from './block-reader.js';
import { BATCH_WORDS, type Batch } from './batch.js';
import type { CountTable, Evidence } from './evidence.js';
import { contextTotals } from './paged-table.js';

const BLOCKS_A_READ = 256;
/** How full the hash tables are: fewer bytes against longer probe chains. */
const LOAD = 0.7;
/** Numbers a context slot takes: parent, word, Σc, N1, N2, followers. */
const CONTEXT_STRIDE = 6;
/** Numbers a row slot takes: context, word, count. */
const ROW_STRIDE = 3;

/** Bytes that a table of so many contexts and rows takes when loaded. */
export function loadedBytes(contexts: number, rows: number): number {
  return slotsFor(contexts) * CONTEXT_STRIDE * 4 + slotsFor(rows) * ROW_STRIDE * 4;
}

/**
 * A table whole in memory, as two open-addressing hashes: contexts by (slot of the context without its farthest word,
 * that word), rows by (slot of the context, word). Keys are compared in full: there are no false matches. Key and value
 * share a slot, so that a probe is one cache line; the words of a batch are looked up one after the other, so that their
 * cache misses overlap.
 */
export class LoadedTable implements CountTable {
  /** For each word of the batch, the slot of its context plus 1, or 0: what longer patterns start from. */
  readonly handles = new Uint32Array(BATCH_WORDS);
  private readonly contexts: Uint32Array;
  private readonly contextSlots: number;
  private readonly rows: Uint32Array;
  private readonly rowSlots: number;

  constructor(
    readonly pattern: Pattern,
    private readonly index: number,
    private readonly parent: LoadedTable | undefined,
    contexts: number,
    rows: number,
  ) {
    this.contextSlots = slotsFor(contexts);
    this.rowSlots = slotsFor(rows);
    this.contexts = new Uint32Array(this.contextSlots * CONTEXT_STRIDE);
    this.rows = new Uint32Array(this.rowSlots * ROW_STRIDE);
  }

  prepare(): undefined {
    return undefined;
  }

  look(batch: Batch, evidence: Evidence): void {
    this.findContexts(batch);
    const { handles, contexts, rows, rowSlots } = this;
    const { ids, targets, length } = batch;
    const base = this.index * evidence.capacity;
    const { counts, totals, ones, twos, followers } = evidence;
    for (let t = 0; t < length; t++) {
      const handle = handles[t];
      const at = base + t;
      if (handle === 0) {
        evidence.clear(at);
        continue;
      }
      const record = (handle - 1) * CONTEXT_STRIDE;
      totals[at] = contexts[record + 2];
      ones[at] = contexts[record + 3];
      twos[at] = contexts[record + 4];
      followers[at] = contexts[record + 5];
    }
    for (let t = 0; t < length; t++) {
      const handle = handles[t];
      if (handle === 0) continue;
      const word = ids[targets[t]];
      let slot = slotOf(handle, word, rowSlots);
      let count = 0;
      for (;;) {
        const record = slot * ROW_STRIDE;
        const key = rows[record];
        if (key === handle && rows[record + 1] === word) {
          count = rows[record + 2];
          break;
        }
        if (key === 0) break;
        if (++slot === rowSlots) slot = 0;
      }
      counts[base + t] = count;
    }
  }

  /** Makes `handles` those of the batch's contexts. */
  private findContexts(batch: Batch): void {
    const { handles, parent, pattern } = this;
    const { ids, targets, length } = batch;
    if (!parent) {
      // The empty context, which is always there.
      handles.fill(1, 0, length);
      return;
    }
    const distance = pattern[pattern.length - 1];
    const parents = parent.handles;
    for (let t = 0; t < length; t++) {
      const above = parents[t];
      const word = ids[targets[t] - distance];
      handles[t] = above === 0 || word === NONE ? 0 : this.findContext(above, word);
    }
  }

  /** The handle of a context, or 0. */
  findContext(parent: number, word: number): number {
    const { contexts, contextSlots } = this;
    let slot = slotOf(parent, word, contextSlots);
    for (;;) {
      const record = slot * CONTEXT_STRIDE;
      const key = contexts[record];
      if (key === parent && contexts[record + 1] === word) return slot + 1;
      if (key === 0) return 0;
      if (++slot === contextSlots) slot = 0;
    }
  }

  /** Adds a context that is not there yet, and returns its handle. */
  addContext(parent: number, word: number, totals: Uint32Array, at: number): number {
    const { contexts, contextSlots } = this;
    let slot = this.parent ? slotOf(parent, word, contextSlots) : 0;
    while (contexts[slot * CONTEXT_STRIDE] !== 0) if (++slot === contextSlots) slot = 0;
    const record = slot * CONTEXT_STRIDE;
    contexts[record] = parent;
    contexts[record + 1] = word;
    for (let i = 0; i < 4; i++) contexts[record + 2 + i] = totals[at + i];
    return slot + 1;
  }

  addRow(context: number, word: number, count: number): void {
    const { rows, rowSlots } = this;
    let slot = slotOf(context, word, rowSlots);
    while (rows[slot * ROW_STRIDE] !== 0) if (++slot === rowSlots) slot = 0;
    const record = slot * ROW_STRIDE;
    rows[record] = context;
    rows[record + 1] = word;
    rows[record + 2] = count;
  }

  /** Reads all blocks of the table. The tables of its leading words are loaded already. */
  async load(store: ModelStore, onBlocks: (blocks: number) => void): Promise<void> {
    const { pattern } = this;
    const width = pattern.length;
    const ancestors: LoadedTable[] = [];
    for (let table = this.parent; table?.parent; table = table.parent) ancestors.unshift(table);
    /** The handle of each leading part of the context at hand. */
    const handles = new Uint32Array(width + 1).fill(1);
    const words = new Uint32Array(width);
    let last = 0;
    const directory = await readDirectory(store, pattern);
    const blockCount = directory.words.length;
    for (let from = 0; from < blockCount; from += BLOCKS_A_READ) {
      const numbers = Array.from({ length: Math.min(BLOCKS_A_READ, blockCount - from) }, (_, i) => from + i);
      const values = await store.getMany(numbers.map(number => blockKey(pattern, firstRow(directory, number))));
      numbers.forEach((number, i) => {
        const { block, totals } = decodeValue(store.name, pattern, number, values[i], value => {
          const decoded = decodeBlock(value, width);
          return { block: decoded, totals: contextTotals(decoded) };
        });
        for (let c = 0; c < block.contextCount; c++) {
          let different = 0;
          while (different < width && last > 0 && block.contexts[different][c] === words[different]) different++;
          // A wide context goes on in the next block.
          if (different < width || last === 0) {
            for (let j = different; j < width - 1; j++) {
              words[j] = block.contexts[j][c];
              handles[j + 1] = ancestors[j].findContext(handles[j], words[j]);
            }
            if (width > 0) words[width - 1] = block.contexts[width - 1][c];
            last = this.addContext(handles[Math.max(0, width - 1)], width > 0 ? words[width - 1] : 0, totals, 4 * c);
          }
          for (let row = block.starts[c]; row < block.starts[c + 1]; row++) {
            this.addRow(last, block.words[row], block.counts[row]);
          }
        }
      });
      onBlocks(numbers.length);
    }
  }
}

function slotsFor(entries: number): number {
  return Math.ceil(entries / LOAD) + 8;
}

/** Where to begin to look for a pair: an integer mix, scaled to the number of slots. */
function slotOf(a: number, b: number, slots: number): number {
  let hash = Math.imul(a, 0x9e3779b1) ^ Math.imul(b, 0x85ebca77);
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  hash ^= hash >>> 13;
  return Math.floor((hash >>> 0) * (slots / 2 ** 32));
}
