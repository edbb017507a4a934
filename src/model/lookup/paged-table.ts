import { KneserError } from '../../base/errors.js';
import type { Pattern } from '../../tables/pattern.js';
import { BLOCK_ENTRIES, type Block } from '../../tables/block.js';
import { compareContext, findBlock, type Directory } from '../../tables/directory.js';
import { NONE } from '../../text/tokens.js';
import type { Batch } from '../../smoothing/batch.js';
import { BLOCKS_A_READ } from '../../tables/read-ahead.js';
import { BlockReader, type CachedBlock } from '../../tables/block-reader.js';
import {
  COUNT,
  FOLLOWERS,
  ONES,
  PRUNED,
  TOTAL,
  TWOS,
  type CountTable,
  type Evidence,
} from '../../smoothing/evidence.js';
import type { Followers } from '../../smoothing/followers.js';

/** The words of a batch are numbered below this limit: block · WORDS_LIMIT + word is then an exact, sortable number. */
const WORDS_LIMIT = 2 ** 24;

/**
 * A table on disk of which only the blocks in use are in memory. The words of a batch are looked up in the order of their
 * blocks, so that each block is read and decoded at most once for a batch: a large batch costs no more than one scan of the table.
 */
export class PagedTable implements CountTable {
  private directory: Directory | undefined;
  private keys = new Float64Array(0);

  /**
   * @param index the table's place in the evidence.
   * @param backsOffTo the place in the evidence of the table without the farthest word, or −1 if the model has no such table.
   * @param types word ids of the table are below this.
   */
  constructor(
    private readonly reader: BlockReader,
    private readonly name: string,
    private readonly pattern: Pattern,
    private readonly index: number,
    private readonly backsOffTo: number,
    private readonly types: number,
  ) {}

  look(batch: Batch, evidence: Evidence): Promise<void> | undefined {
    const { directory } = this;
    if (!directory) {
      return this.reader.readDirectory(this.name, this.pattern.length).then(read => {
        this.directory = read;
        return this.look(batch, evidence);
      });
    }
    const keys = this.sortedByBlock(directory, batch, evidence);
    const done = this.lookCached(keys, 0, batch, evidence);
    return done === keys.length ? undefined : this.lookReading(directory, keys, done, batch, evidence);
  }

  /** Reads the blocks that looking up a batch needs, as far as they fit into the cache of blocks. */
  async fetch({ ids, targets, available, length }: Batch): Promise<void> {
    const { pattern } = this;
    const directory = (this.directory ??= await this.reader.readDirectory(this.name, pattern.length));
    const reach = pattern.at(-1) ?? 0;
    const blocks = new Set<number>();
    for (let t = 0; t < length; t++) {
      if (available[t] >= reach) blocks.add(findBlock(directory, ids, targets[t], pattern, ids[targets[t]]));
    }
    blocks.delete(-1);
    await this.reader.read(this.name, directory, [...blocks], this.types);
  }

  followers({ ids, targets }: Batch): Followers | Promise<void> {
    const { directory, pattern, name, reader } = this;
    if (!directory) throw new Error('followers are asked for after the word was looked up');
    const numbers = [findBlock(directory, ids, targets[0], pattern, NONE)];
    for (let next = numbers[0] + 1; next < directory.words.length; next++) {
      // Each block of a wide context begins with this context.
      if (compareContext(directory.columns, next, ids, targets[0], pattern) !== 0) break;
      numbers.push(next);
    }
    const blocks: CachedBlock[] = [];
    for (const number of numbers) {
      const cached = reader.get(name, number);
      if (!cached) return reader.read(name, directory, numbers, this.types);
      blocks.push(cached);
    }
    const context = findContext(blocks[0], ids, targets[0], pattern);
    const length = blocks[0].totalsOf(context)[4 * context + 3];
    const rows = blocks.reduce((sum, { block: { starts } }) => sum + starts[context + 1] - starts[context], 0);
    if (rows !== length) {
      throw new KneserError('KNESER_DAMAGED', `${reader.name}: table ${name} lacks rows; the model is damaged`);
    }
    return {
      key: numbers[0] * BLOCK_ENTRIES + context,
      length,
      copy: (words, counts) => copyRows(blocks, context, words, counts, block => block.counts),
      copyLog10Probs: (words, log10Probs) =>
        copyRows(blocks, context, words, log10Probs, block => block.numbers?.probabilities),
      countOf: word => countOf(blocks[blockOf(blocks, context, word)], context, word),
    };
  }

  /** For each word whose context can be in the table, `block · WORDS_LIMIT + word`, ascending. */
  private sortedByBlock(directory: Directory, batch: Batch, evidence: Evidence): Float64Array {
    const { ids, targets, available, length } = batch;
    const { pattern, backsOffTo } = this;
    const reach = pattern.at(-1) ?? 0;
    if (this.keys.length < length) this.keys = new Float64Array(length);
    let count = 0;
    for (let t = 0; t < length; t++) {
      evidence.clear(evidence.at(t, this.index));
      // If the context without its farthest word was never seen, neither was this one.
      if (available[t] < reach || (backsOffTo >= 0 && evidence.data[evidence.at(t, backsOffTo) + TOTAL] === 0))
        continue;
      const block = findBlock(directory, ids, targets[t], pattern, ids[targets[t]]);
      if (block >= 0) this.keys[count++] = block * WORDS_LIMIT + t;
    }
    return this.keys.subarray(0, count).sort();
  }

  /** Looks up words from index `from` of `keys` on while their blocks are in memory. @returns the index at which it stopped. */
  private lookCached(keys: Float64Array, from: number, batch: Batch, evidence: Evidence): number {
    const { ids, targets } = batch;
    const { pattern } = this;
    const { data } = evidence;
    let number = -1;
    let cached: CachedBlock | undefined;
    for (let i = from; i < keys.length; i++) {
      const block = Math.floor(keys[i] / WORDS_LIMIT);
      if (block !== number) {
        cached = this.reader.get(this.name, block);
        number = block;
      }
      if (!cached) return i;
      const t = keys[i] - block * WORDS_LIMIT;
      const context = findContext(cached, ids, targets[t], pattern);
      if (context < 0) continue;
      const at = evidence.at(t, this.index);
      if (evidence.numbers.length > 0) {
        const numbers = cached.numbersOf(`${this.reader.name}: table ${this.name}`);
        const row = rowOf(cached, context, ids[targets[t]]);
        evidence.putNumbers(at, row >= 0, numbers.probabilities[row], numbers.backoffs[context]);
        continue;
      }
      const totals = cached.totalsOf(context);
      data[at + COUNT] = countOf(cached, context, ids[targets[t]]);
      data[at + TOTAL] = totals[4 * context];
      data[at + ONES] = totals[4 * context + 1];
      data[at + TWOS] = totals[4 * context + 2];
      data[at + FOLLOWERS] = totals[4 * context + 3];
      data[at + PRUNED] = cached.block.pruned[context];
    }
    return keys.length;
  }

  private async lookReading(
    directory: Directory,
    keys: Float64Array,
    from: number,
    batch: Batch,
    evidence: Evidence,
  ): Promise<void> {
    for (let done = from; done < keys.length;) {
      const blocks: number[] = [];
      for (let i = done; i < keys.length; i++) {
        const block = Math.floor(keys[i] / WORDS_LIMIT);
        if (block === blocks.at(-1)) continue;
        if (blocks.length === BLOCKS_A_READ) break;
        blocks.push(block);
      }
      await this.reader.read(this.name, directory, blocks, this.types);
      done = this.lookCached(keys, done, batch, evidence);
    }
  }
}

function findContext({ block }: CachedBlock, ids: Uint32Array, position: number, pattern: Pattern): number {
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

function countOf(cached: CachedBlock, context: number, word: number): number {
  const row = rowOf(cached, context, word);
  return row < 0 ? 0 : cached.block.counts[row];
}

/** The row of a word among the followers of a context in a block, or −1. */
function rowOf({ block }: CachedBlock, context: number, word: number): number {
  const { starts, words } = block;
  let low = starts[context];
  let high = starts[context + 1];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (words[middle] === word) return middle;
    if (words[middle] < word) low = middle + 1;
    else high = middle;
  }
  return -1;
}

/** The index of the block that would hold a word, among the blocks of a context. */
function blockOf(blocks: readonly CachedBlock[], context: number, word: number): number {
  let low = 0;
  let high = blocks.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >>> 1;
    const { starts, words } = blocks[middle].block;
    if (words[starts[context]] <= word) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** Copies the followers of a context, and a column of their blocks. */
function copyRows<Column extends Uint32Array | Float64Array>(
  blocks: readonly CachedBlock[],
  context: number,
  words: Uint32Array,
  values: Column,
  columnOf: (block: Block) => Column | undefined,
): void {
  let at = 0;
  for (const { block } of blocks) {
    const [from, to] = [block.starts[context], block.starts[context + 1]];
    words.set(block.words.subarray(from, to), at);
    const column = columnOf(block);
    if (column) values.set(column.subarray(from, to), at);
    at += to - from;
  }
}
