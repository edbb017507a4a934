import { Contexts } from './contexts.js';
import type { ModelParts } from '../../model/scoring/parts.js';
import type { Block } from '../../tables/block.js';
import { BLOCK_ENTRIES } from '../../tables/block.js';
import { wordIds } from '../../tables/manifest.js';
import type { TableCursor } from '../../tables/cursor.js';
import type { BackoffSource } from './source.js';

/**
 * The back-offs of the contexts of one table, for the n-grams one order below: an ARPA file has the back-off of a context in the
 * line of the n-gram with the same words. Memory: a little more than 12 bytes for each context.
 */
export class Backoffs {
  private readonly contexts: Contexts;
  /** log10 of the back-off of each context, from index 1 on. Index 0 stands for n-grams that are no context: log10 1 = 0. */
  private readonly values: Float64Array;
  /** By entry of the cursor given to `lookUp`: the index in `values` of the n-gram that ends with it. */
  private indices = new Uint32Array(BLOCK_ENTRIES);
  /** The numbers 0, 1, 2 …: the entries that `contexts.link` looks up. */
  private entries = Uint32Array.from({ length: BLOCK_ENTRIES }, (_, i) => i);
  /** The context of the cursor given to `lookUp`, as {@link columnsOf} returns it. */
  private readonly columns: Uint32Array[] = [];

  private constructor({ words, manifest }: ModelParts, level: number) {
    const { pattern, manifest: table } = words[level];
    this.contexts = new Contexts(pattern, wordIds(manifest), table);
    this.values = new Float64Array(table.contexts + 1);
  }

  /** Reads the back-offs of all contexts of a table. @param level the level of the table (its order less 1). */
  static async read(source: BackoffSource, parts: ModelParts, level: number): Promise<Backoffs> {
    const backoffs = new Backoffs(parts, level);
    const { contexts, values } = backoffs;
    const cursor = await source.open(level);
    const columns = columnsOf(cursor);
    while (!cursor.done) {
      const index = contexts.count + 1;
      values[index] = source.backoff(level, cursor);
      contexts.add(columns, 0, index);
      const reading = cursor.advance();
      if (reading) await reading;
    }
    return backoffs;
  }

  /** log10 of the back-off of a context of one word. */
  ofWord(id: number): number {
    this.indices[0] = 0;
    this.contexts.linkWord(id, this.indices, 0);
    return this.values[this.indices[0]];
  }

  /**
   * Looks up the n-grams of the cursor's context and its followers, for `ofFollower`. Calls must follow the order of the cursor's
   * table, which is one order below the table that was read.
   */
  lookUp(cursor: TableCursor): void {
    const { from, to, words } = cursor;
    if (this.indices.length < to) {
      this.indices = new Uint32Array(2 * to);
      this.entries = Uint32Array.from({ length: 2 * to }, (_, i) => i);
    }
    if (this.columns.length === 0) this.columns.push(...columnsOf(cursor));
    const ngrams: NgramRows = { contexts: this.columns, contextCount: 1, starts: Uint32Array.of(from, to), words };
    this.indices.fill(0, from, to);
    this.contexts.link(ngrams, this.entries, this.indices, 0);
  }

  /** log10 of the back-off of the n-gram that ends with the cursor's entry `i`; 0 for an n-gram that is no context. */
  ofFollower(i: number): number {
    return this.values[this.indices[i]];
  }
}

type NgramRows = Pick<Block, 'contexts' | 'contextCount' | 'starts' | 'words'>;

/** For each word of a cursor's context, nearest first, a view of one entry, which changes when the cursor advances. */
function columnsOf({ context }: TableCursor): Uint32Array[] {
  return Array.from(context, (_, j) => context.subarray(j, j + 1));
}
