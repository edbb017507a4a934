import type { Batch } from '../../smoothing/batch.js';
import type { Evidence } from '../../smoothing/evidence.js';
import type { Followers } from '../../smoothing/followers.js';
import type { TrieBlock } from '../../tables/trie-block.js';
import { findTrieBlock } from '../../tables/trie-directory.js';
import type { TrieReader } from '../../tables/trie-reader.js';
import type { Hits } from './hits.js';
import { trieFollowers, TrieContext } from './trie-context.js';
import { putEvidence, type TrieLevel } from './trie-level.js';

/**
 * Looks the words of a batch up in the table of unigrams, where all words have the same context, the empty one. Blocks that were read stay
 * in memory.
 */
export class UnigramTable implements TrieLevel {
  /** The blocks of the table; `undefined` until they were read. */
  private readonly blocks: (TrieBlock | undefined)[] = [];
  /** By word of the batch, the index of the block of its row. */
  private blockOf = new Uint32Array(0);

  /**
   * @param table its index in the reader.
   * @param index the table's index in the evidence.
   * @param hits gets the words of the batch.
   */
  constructor(
    private readonly reader: TrieReader,
    private readonly table: number,
    private readonly index: number,
    readonly hits: Hits,
  ) {}

  look(batch: Batch, evidence: Evidence): Promise<void> | undefined {
    const reading = this.read(batch);
    if (reading) return reading.then(() => this.look(batch, evidence));
    this.fillIn(batch, evidence);
    return undefined;
  }

  followers(): Followers | Promise<void> {
    const context = this.contextOfFirst();
    return context instanceof Promise ? context : trieFollowers(context);
  }

  contextOfFirst(): TrieContext | Promise<void> {
    const { blocks } = this;
    const directory = this.reader.directory(this.table);
    if (!directory) throw new Error('followers are asked for after the word was looked up');
    const missing = Array.from(directory.parents, (_, b) => b).filter(b => !blocks[b]);
    if (missing.length > 0) return this.readBlocks(missing);
    return new TrieContext(0, blocks as TrieBlock[], undefined);
  }

  /** Finds the block of each word of a batch. Returns a promise if blocks have to be read. */
  private read(batch: Batch): Promise<void> | undefined {
    const { reader, blocks } = this;
    const directory = reader.directory(this.table);
    if (!directory) return reader.open().then(() => this.read(batch));
    const { ids, targets, length } = batch;
    this.begin(batch);
    const { blockOf } = this;
    const missing = new Set<number>();
    for (let t = 0; t < length; t++) {
      const b = Math.max(0, findTrieBlock(directory, 0, 0, ids[targets[t]], 0));
      blockOf[t] = b;
      if (!blocks[b]) missing.add(b);
    }
    return missing.size > 0 ? this.readBlocks([...missing]) : undefined;
  }

  /** Reads blocks from the store. @param missing indices of the blocks in the table. */
  private async readBlocks(missing: readonly number[]): Promise<void> {
    const read = await this.reader.read(this.table, missing);
    read.forEach((block, i) => (this.blocks[missing[i]] = block));
  }

  /** Writes the evidence of all words of a batch. */
  private fillIn(batch: Batch, evidence: Evidence): void {
    const { ids, targets, length } = batch;
    const { blocks, blockOf } = this;
    const { rows } = this.hits;
    for (let t = 0; t < length; t++) {
      const block = blocks[blockOf[t]] as TrieBlock;
      const row = this.enter(block, ids[targets[t]]);
      rows[t] = row < 0 ? -1 : row + block.firstRow;
      putEvidence(evidence, t, this.index, block, 0, row);
    }
  }

  /** Sets the totals of a block to the totals of the empty context. @returns the row of a word in the block, or −1. */
  private enter(block: TrieBlock, word: number): number {
    block.findRows(0);
    block.addTotals(0);
    return block.findRankNear(word);
  }

  /** Makes all words of a batch hits, in their order, because all have the same context. */
  private begin({ targets, length }: Batch): void {
    const { hits } = this;
    hits.clear(length);
    hits.length = length;
    for (let t = 0; t < length; t++) hits.words[t] = t;
    hits.positions.set(targets.subarray(0, length));
    hits.contexts.fill(0, 0, length);
    if (this.blockOf.length < length) this.blockOf = new Uint32Array(length);
  }
}
