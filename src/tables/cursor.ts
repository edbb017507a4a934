import { KneserError } from '../base/errors.js';
import { decodeTableBlock, firstRow, readDirectory } from './block-reader.js';
import { blankBlock, BLOCK_ENTRIES, type Block } from './block.js';
import type { Directory } from './directory.js';
import { blockKey } from '../store/keys.js';
import type { ModelStore } from '../store/store.js';

const BLOCKS_A_READ = 128;
const NO_NUMBERS = new Float64Array(0);

/** Goes through the contexts of a table in their order, each with all its followers. */
export class TableCursor {
  /** The words of the context at hand, nearest first. */
  readonly context: Uint32Array;
  /** Its followers: entries `from` to `to` − 1, words ascending. */
  words: Uint32Array;
  counts: Uint32Array;
  /** In a back-off model, log10 p of its followers, and log10 of its back-off. */
  probabilities: Float64Array = NO_NUMBERS;
  backoff = 0;
  from = 0;
  to = 0;
  /** Σc of those that were pruned. */
  pruned = 0;
  /** How many contexts, and how many rows, come before it. */
  number = -1;
  row = 0;
  /** Whether there are no more contexts. */
  done = false;

  private readonly block: Block;
  private at = -1;
  private values: (Uint8Array | undefined)[] = [];
  private valuesUsed = 0;
  /** Blocks that were asked for. */
  private blocks = 0;
  /** Whether its blocks have probabilities; unknown before the first. */
  private isBackoff: boolean | undefined;
  private wideWords = new Uint32Array(0);
  private wideCounts = new Uint32Array(0);
  private wideProbabilities = NO_NUMBERS;

  private constructor(
    private readonly store: ModelStore,
    private readonly name: string,
    private readonly directory: Directory,
    private readonly onRows: (rows: number) => void,
  ) {
    const width = directory.columns.length;
    this.context = new Uint32Array(width);
    this.block = blankBlock(width, BLOCK_ENTRIES, BLOCK_ENTRIES);
    this.words = this.block.words;
    this.counts = this.block.counts;
  }

  /**
   * Begins at the first context of a table.
   *
   * @param width how many words a context has.
   * @param onRows told how many rows were read, after each block.
   */
  static async open(
    store: ModelStore,
    name: string,
    width: number,
    onRows: (rows: number) => void,
  ): Promise<TableCursor> {
    const cursor = new TableCursor(store, name, await readDirectory(store, name, width), onRows);
    await cursor.advance();
    return cursor;
  }

  /** Goes on to the next context. Returns a promise where something has to be read first. */
  advance(): Promise<void> | undefined {
    this.row += this.to - this.from;
    this.number++;
    if (++this.at < this.block.contextCount) {
      this.enter();
      return undefined;
    }
    if (this.valuesUsed < this.values.length) return this.enterBlock();
    this.done = this.blocks === this.directory.words.length;
    return this.done ? undefined : this.read().then(() => this.enterBlock());
  }

  private enter(): void {
    const { block, at, context } = this;
    for (let j = 0; j < context.length; j++) context[j] = block.contexts[j][at];
    this.words = block.words;
    this.counts = block.counts;
    this.from = block.starts[at];
    this.to = block.starts[at + 1];
    this.pruned = block.pruned[at];
    this.probabilities = block.numbers?.probabilities ?? NO_NUMBERS;
    this.backoff = block.numbers?.backoffs[at] ?? 0;
  }

  private enterBlock(): Promise<void> | undefined {
    this.decode();
    this.at = 0;
    this.enter();
    return this.block.wide && this.gather(this.block.wide.followers);
  }

  /** Puts the followers of a wide context together. */
  private async gather(followers: number): Promise<void> {
    const { block, directory } = this;
    if (followers > directory.words.length * BLOCK_ENTRIES) throw this.damaged();
    if (this.wideWords.length < followers) {
      this.wideWords = new Uint32Array(followers);
      this.wideCounts = new Uint32Array(followers);
      if (block.numbers) this.wideProbabilities = new Float64Array(followers);
    }
    for (let length = 0; ;) {
      const rows = block.starts[1];
      if (block.contextCount > 1 || length + rows > followers) throw this.damaged();
      this.wideWords.set(block.words.subarray(0, rows), length);
      this.wideCounts.set(block.counts.subarray(0, rows), length);
      if (block.numbers) this.wideProbabilities.set(block.numbers.probabilities.subarray(0, rows), length);
      length += rows;
      if (length >= followers) break;
      if (this.valuesUsed === this.values.length) await this.read();
      this.decode();
    }
    this.words = this.wideWords;
    this.counts = this.wideCounts;
    this.probabilities = this.wideProbabilities;
    this.from = 0;
    this.to = followers;
  }

  private damaged(): KneserError {
    const { store, name } = this;
    return new KneserError(
      'KNESER_DAMAGED',
      `${store.name}: table ${name}: rows that do not fit the rest; it is damaged`,
    );
  }

  private async read(): Promise<void> {
    const { directory, name } = this;
    const length = Math.min(BLOCKS_A_READ, directory.words.length - this.blocks);
    const keys = Array.from({ length }, (_, i) => blockKey(name, firstRow(directory, this.blocks + i)));
    this.values = await this.store.getMany(keys);
    this.valuesUsed = 0;
    this.blocks += length;
  }

  private decode(): void {
    const { store, name, block, directory } = this;
    const number = this.blocks - this.values.length + this.valuesUsed;
    decodeTableBlock(store, name, directory, number, this.values[this.valuesUsed++], block);
    const isBackoff = block.numbers !== undefined;
    if (isBackoff !== (this.isBackoff ??= isBackoff)) throw this.damaged();
    this.onRows(block.starts[block.contextCount]);
  }
}
