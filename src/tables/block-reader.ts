import { KneserError } from '../base/errors.js';
import { blockKey } from '../store/keys.js';
import type { ModelStore } from '../store/store.js';
import { largestWord, type Block, type BlockNumbers } from './block.js';
import type { Directory } from './directory.js';
import { blockName, decodeTableBlock, firstRow, openTable } from './table-reader.js';

/** A decoded block and the totals of its contexts, which are added up when they are first asked for. */
export class CachedBlock {
  private readonly totals: Uint32Array;
  /** Roughly how much memory it takes. */
  readonly bytes: number;

  constructor(readonly block: Block) {
    const { contexts, contextCount, words, numbers } = block;
    this.totals = new Uint32Array(4 * contextCount);
    this.bytes = 4 * (contextCount * (contexts.length + 6) + 2 * words.length) + 600;
    if (numbers) this.bytes += 8 * (contextCount + words.length);
  }

  /** What a back-off model has in place of counts. @param table the names of the model and the table, for messages. */
  numbersOf(table: string): BlockNumbers {
    const { numbers } = this.block;
    if (numbers) return numbers;
    throw new KneserError('KNESER_DAMAGED', `${table}: a block of counts in a back-off model; the model is damaged`);
  }

  /** An array that holds Σc, N1, N2 and the number of followers of the context at four times its number. */
  totalsOf(context: number): Uint32Array {
    if (this.totals[4 * context + 3] === 0) addTotals(this.block, context, this.totals);
    return this.totals;
  }
}

/** Puts Σc, N1, N2 and the number of followers of a context at four times its number. */
export function addTotals(block: Block, context: number, totals: Uint32Array): void {
  const { starts, pruned, counts, wide } = block;
  const at = 4 * context;
  if (wide) {
    totals[at] = wide.total;
    totals[at + 1] = wide.ones;
    totals[at + 2] = wide.twos;
    totals[at + 3] = wide.followers;
    return;
  }
  let total = pruned[context];
  let ones = 0;
  let twos = 0;
  for (let row = starts[context]; row < starts[context + 1]; row++) {
    const count = counts[row];
    total += count;
    if (count === 1) ones++;
    else if (count === 2) twos++;
  }
  totals[at] = total;
  totals[at + 1] = ones;
  totals[at + 2] = twos;
  totals[at + 3] = starts[context + 1] - starts[context];
}

/** Reads blocks of all tables from the store, and keeps the ones used last, up to a number of bytes. */
export class BlockReader {
  private readonly cache = new Map<string, CachedBlock>();
  private bytes = 0;

  constructor(
    private readonly store: ModelStore,
    private readonly limit: number,
  ) {}

  /** What the model is called in messages. */
  get name(): string {
    return this.store.name;
  }

  /** A block that is at hand. */
  get(table: string, block: number): CachedBlock | undefined {
    return this.cache.get(cacheKey(table, block));
  }

  /**
   * Reads blocks, which may push out others; a block that is asked for here and is at hand stays.
   *
   * @param types the numbers of the table's words are below it.
   */
  async read(table: string, directory: Directory, blocks: readonly number[], types: number): Promise<void> {
    const missing: number[] = [];
    for (const block of blocks) {
      const key = cacheKey(table, block);
      const found = this.cache.get(key);
      if (!found) {
        missing.push(block);
        continue;
      }
      this.cache.delete(key);
      this.cache.set(key, found);
    }
    const values = await this.store.getMany(missing.map(block => blockKey(table, firstRow(directory, block))));
    missing.forEach((block, i) => {
      const decoded = decodeTableBlock(this.store, { name: table, directory }, block, values[i]);
      if (largestWord(decoded) >= types) throw wrongWord(blockName(this.store, table, block));
      const cached = new CachedBlock(decoded);
      this.bytes += cached.bytes;
      this.cache.set(cacheKey(table, block), cached);
    });
    let keep = this.cache.size - blocks.length;
    for (const [key, { bytes }] of this.cache) {
      if (this.bytes <= this.limit || keep-- <= 0) break;
      this.cache.delete(key);
      this.bytes -= bytes;
    }
  }

  async readDirectory(table: string, width: number): Promise<Directory> {
    return (await openTable(this.store, table, width)).directory;
  }
}

function wrongWord(block: string): KneserError {
  return new KneserError('KNESER_DAMAGED', `${block}: a word that the model does not have; the model is damaged`);
}

function cacheKey(table: string, block: number): string {
  return `${table}/${block}`;
}
