import { KneserError } from '../base/errors.js';
import { blockKey } from '../store/keys.js';
import type { ModelStore } from '../store/store.js';
import { largestWord, type Block, type BlockNumbers } from './block.js';
import type { Directory } from './directory.js';
import { blockName, decodeTableBlock, firstRow, openTable } from './table-reader.js';

/** A decoded block, and the totals of its contexts, which are computed when they are first asked for. */
export class CachedBlock {
  private readonly totals: Uint32Array;
  /** Bytes of memory that it takes, about. */
  readonly bytes: number;

  constructor(readonly block: Block) {
    const { contexts, contextCount, words, numbers } = block;
    this.totals = new Uint32Array(4 * contextCount);
    this.bytes = 4 * (contextCount * (contexts.length + 6) + 2 * words.length) + 600;
    if (numbers) this.bytes += 8 * (contextCount + words.length);
  }

  /** The block's log10 probabilities and back-offs. @param table names the model and the table in messages. @throws KNESER_DAMAGED for a block of counts. */
  numbersOf(table: string): BlockNumbers {
    const { numbers } = this.block;
    if (numbers) return numbers;
    throw new KneserError(
      'KNESER_DAMAGED',
      `${table} is damaged (it has counts, where a back-off model has log10 probabilities); train the model again`,
    );
  }

  /** Entries 4c … 4c + 3 of the array are Σc, N1, N2 and the number of followers of context c. */
  totalsOf(context: number): Uint32Array {
    if (this.totals[4 * context + 3] === 0) addTotals(this.block, context, this.totals);
    return this.totals;
  }
}

/** Puts Σc, N1, N2 and the number of followers of context c into entries 4c … 4c + 3 of `totals`. */
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

/** Reads single blocks of all tables, in any order, and keeps the blocks used last. */
export class BlockReader {
  private readonly cache = new Map<string, CachedBlock>();
  private bytes = 0;

  constructor(
    private readonly store: ModelStore,
    /** Bytes of memory to aim for. */
    private readonly limit: number,
  ) {}

  /** The name of the model in messages. */
  get name(): string {
    return this.store.name;
  }

  /** A block, if it is in memory. */
  get(table: string, block: number): CachedBlock | undefined {
    return this.cache.get(cacheKey(table, block));
  }

  /**
   * Reads the blocks that are not in memory, and then drops other blocks, least recently used first. All blocks of this call are in
   * memory afterwards, whatever the limit.
   *
   * @param types word ids of the table are below this.
   * @throws KNESER_DAMAGED
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
  return new KneserError(
    'KNESER_DAMAGED',
    `${block} is damaged (a row has a word that the model does not have); train the model again`,
  );
}

function cacheKey(table: string, block: number): string {
  return `${table}/${block}`;
}
