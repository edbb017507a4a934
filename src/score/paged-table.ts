import type { Pattern } from '../pattern.js';
import { BlockDamage, decodeBlock, type Block } from '../store/block.js';
import { compareContext, findBlock, type Directory } from '../store/directory.js';
import type { Batch } from './batch.js';
import type { BlockReader, CachedBlock } from './block-reader.js';
import type { CountTable, Evidence } from './evidence.js';

/** A table of which only the blocks in use are in memory. */
export class PagedTable implements CountTable {
  private directory: Directory | undefined;
  private readonly wanted = new Set<number>();
  /** For each word of the batch its block, or −1. */
  private blocks = new Int32Array(0);

  /**
   * @param index the table's place in the evidence.
   * @param parent the place of the table without the farthest word, or −1 where the model has none.
   */
  constructor(
    private readonly reader: BlockReader,
    readonly pattern: Pattern,
    private readonly index: number,
    private readonly parent: number,
  ) {}

  prepare(batch: Batch, evidence: Evidence): Promise<void> | undefined {
    const { directory } = this;
    if (!directory) return this.readDirectory().then(() => this.prepare(batch, evidence));
    const { ids, targets, available, length } = batch;
    const { pattern, wanted, parent } = this;
    const reach = pattern.at(-1) ?? 0;
    const parentAt = parent * evidence.capacity;
    if (this.blocks.length < length) this.blocks = new Int32Array(evidence.capacity);
    wanted.clear();
    for (let t = 0; t < length; t++) {
      const possible = available[t] >= reach && (parent < 0 || evidence.totals[parentAt + t] > 0);
      const block = possible ? findBlock(directory, ids, targets[t], pattern, ids[targets[t]]) : -1;
      this.blocks[t] = block;
      if (block >= 0 && !this.reader.has(this.index, block)) wanted.add(block);
    }
    if (wanted.size === 0) return undefined;
    return this.reader.read(this.index, pattern, directory, [...wanted], decode);
  }

  look(batch: Batch, evidence: Evidence): void {
    const { ids, targets, length } = batch;
    const { pattern, blocks } = this;
    const base = this.index * evidence.capacity;
    for (let t = 0; t < length; t++) {
      const at = base + t;
      evidence.clear(at);
      if (blocks[t] < 0) continue;
      const { block, totals } = this.reader.get(this.index, blocks[t]);
      const context = findContext(block, ids, targets[t], pattern);
      if (context < 0) continue;
      evidence.totals[at] = totals[4 * context];
      evidence.ones[at] = totals[4 * context + 1];
      evidence.twos[at] = totals[4 * context + 2];
      evidence.followers[at] = totals[4 * context + 3];
      evidence.counts[at] = countOf(block, context, ids[targets[t]]);
    }
  }

  private async readDirectory(): Promise<void> {
    this.directory = await this.reader.readDirectory(this.pattern);
  }
}

function findContext(block: Block, ids: Uint32Array, position: number, pattern: Pattern): number {
  let low = 0;
  let high = block.contextCount;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const compared = compareContext(block.contexts, middle, ids, position, pattern);
    if (compared === 0) return middle;
    if (compared < 0) low = middle + 1;
    else high = middle;
  }
  return -1;
}

function countOf(block: Block, context: number, word: number): number {
  const { starts, words, counts } = block;
  let low = starts[context];
  let high = starts[context + 1];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (words[middle] === word) return counts[middle];
    if (words[middle] < word) low = middle + 1;
    else high = middle;
  }
  return 0;
}

/** Decodes a block and adds up its contexts: Σc, N1, N2, followers, four numbers each. */
function decode(value: Uint8Array, width: number): CachedBlock {
  const block = decodeBlock(value, width);
  const totals = contextTotals(block);
  const bytes = 4 * (block.contextCount * (width + 5) + 2 * block.words.length) + 400;
  return { block, totals, bytes };
}

/** For each context of a block Σc, N1, N2 and the number of followers. */
export function contextTotals(block: Block): Uint32Array {
  const { contextCount, starts, counts, wide } = block;
  const totals = new Uint32Array(4 * contextCount);
  if (wide) {
    if (contextCount !== 1) throw new BlockDamage('a wide context shares its block');
    totals.set([wide.total, wide.ones, wide.twos, wide.followers]);
    return totals;
  }
  for (let c = 0; c < contextCount; c++) {
    let total = 0;
    let ones = 0;
    let twos = 0;
    for (let row = starts[c]; row < starts[c + 1]; row++) {
      const count = counts[row];
      total += count;
      if (count === 1) ones++;
      else if (count === 2) twos++;
    }
    totals[4 * c] = total;
    totals[4 * c + 1] = ones;
    totals[4 * c + 2] = twos;
    totals[4 * c + 3] = starts[c + 1] - starts[c];
  }
  return totals;
}
