import type { Batch } from '../../smoothing/batch.js';
import type { Evidence } from '../../smoothing/evidence.js';
import type { Followers } from '../../smoothing/followers.js';
import type { TrieBlock } from '../../tables/trie-block.js';
import { findTrieBlock, type TrieDirectory } from '../../tables/trie-directory.js';
import { readTrieDirectory, type TrieReader } from '../../tables/trie-reader.js';
import type { TablePart } from './table-part.js';
import { followersOf, TrieContext } from './trie-context.js';
import { putEvidence, type TrieLevel } from './trie-level.js';

/** Looks the words of a batch up in the table of the empty pattern: all words have the same context. Its blocks stay in memory. */
export class UnigramTable implements TrieLevel {
  length = 0;
  words = new Uint32Array(0);
  positions: Uint32Array = new Uint32Array(0);
  values = new Float64Array(0);
  contexts = new Uint32Array(0);
  rows = new Int32Array(0);

  private directory: TrieDirectory | undefined;
  /** By number, the blocks read so far. */
  private blocks: (TrieBlock | undefined)[] = [];
  /** By word of the batch, the block of its row. */
  private numbers = new Uint32Array(0);

  /**
   * @param number of the table in the reader.
   * @param index the table's place in the evidence.
   */
  constructor(
    private readonly reader: TrieReader,
    private readonly number: number,
    private readonly part: TablePart,
    private readonly index: number,
  ) {}

  look(batch: Batch, evidence: Evidence): Promise<void> | undefined {
    const reading = this.read(batch);
    if (reading) return reading.then(() => this.look(batch, evidence));
    this.fillIn(batch, evidence);
    return undefined;
  }

  interpolate(
    batch: Batch,
    values: Float64Array,
    matched: Uint8Array,
    discounts: Float64Array,
  ): Promise<void> | undefined {
    const reading = this.read(batch);
    if (reading) return reading.then(() => this.interpolate(batch, values, matched, discounts));
    this.fold(batch, values, discounts);
    return undefined;
  }

  followers(): Followers | Promise<void> {
    const context = this.contextOfFirst();
    return context instanceof Promise ? context : followersOf(context);
  }

  contextOfFirst(): TrieContext | Promise<void> {
    const { directory, blocks } = this;
    if (!directory) throw new Error('followers are asked for after the word was looked up');
    const numbers = Array.from(directory.parents, (_, number) => number).filter(number => !blocks[number]);
    if (numbers.length > 0) return this.readBlocks(directory, numbers);
    return new TrieContext(0, blocks as TrieBlock[], undefined);
  }

  /** Reads the blocks of a batch's words. Returns a promise if there are any that are not in memory. */
  private read(batch: Batch): Promise<void> | undefined {
    const { directory, blocks } = this;
    if (!directory) {
      return readTrieDirectory(this.reader.store, this.part.manifest.pattern).then(read => {
        this.directory = read;
        this.blocks = Array.from(read.parents, () => undefined);
        return this.read(batch);
      });
    }
    const { ids, targets, length } = batch;
    this.makeRoom(length);
    this.positions = targets;
    const { numbers } = this;
    const missing = new Set<number>();
    for (let t = 0; t < length; t++) {
      const number = Math.max(0, findTrieBlock(directory, 0, 0, ids[targets[t]], 0));
      numbers[t] = number;
      if (!blocks[number]) missing.add(number);
    }
    return missing.size > 0 ? this.readBlocks(directory, [...missing]) : undefined;
  }

  private async readBlocks(directory: TrieDirectory, numbers: readonly number[]): Promise<void> {
    const read = await this.reader.read(this.number, this.part.manifest.pattern, directory, numbers);
    read.forEach((block, i) => (this.blocks[numbers[i]] = block));
  }

  private fillIn(batch: Batch, evidence: Evidence): void {
    const { ids, targets, length } = batch;
    const { blocks, numbers, rows } = this;
    for (let t = 0; t < length; t++) {
      const block = blocks[numbers[t]] as TrieBlock;
      const row = this.enter(block, ids[targets[t]]);
      rows[t] = row < 0 ? -1 : row + block.firstRow;
      putEvidence(evidence, t, this.index, block, 0, row);
    }
  }

  private fold(batch: Batch, values: Float64Array, discounts: Float64Array): void {
    const { ids, targets, length } = batch;
    const { blocks, numbers, rows, values: own } = this;
    const d1 = discounts[1];
    const d2 = discounts[2];
    const d3 = discounts[3];
    if (length === 0) return;
    const any = blocks[numbers[0]] as TrieBlock;
    this.enter(any, 0);
    const { total, ones, twos } = any;
    const taken = d1 * ones + d2 * twos + d3 * (any.followers - ones - twos) + any.prunedTotal;
    for (let t = 0; t < length; t++) {
      const block = blocks[numbers[t]] as TrieBlock;
      const row = block.findRankNear(ids[targets[t]]);
      rows[t] = row < 0 ? -1 : row + block.firstRow;
      const count = row < 0 ? 0 : block.count(row);
      const kept = count - (count === 0 ? 0 : count === 1 ? d1 : count === 2 ? d2 : d3);
      values[t] = own[t] = ((kept > 0 ? kept : 0) + taken * values[t]) / total;
    }
  }

  /** Finds the totals of the context, and the row of a word in a block, or −1. */
  private enter(block: TrieBlock, word: number): number {
    block.findRows(0);
    block.addTotals(0);
    return block.findRankNear(word);
  }

  private makeRoom(words: number): void {
    this.length = words;
    if (words <= this.words.length) return;
    this.words = Uint32Array.from({ length: words }, (_, t) => t);
    this.contexts = new Uint32Array(words);
    this.values = new Float64Array(words);
    this.rows = new Int32Array(words);
    this.numbers = new Uint32Array(words);
  }
}
