import { Contexts } from './contexts.js';
import type { ModelParts } from '../../model/scoring/parts.js';
import { BLOCK_ENTRIES } from '../../tables/block.js';
import { wordIds } from '../../tables/manifest.js';
import type { TableCursor } from '../../tables/cursor.js';
import type { BackoffSource } from './source.js';

/** The context of a unigram. */
const NO_WORDS = new Uint32Array(0);

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
    while (!cursor.done) {
      contexts.add(cursor.context);
      values[contexts.count] = source.backoff(level, cursor);
      const reading = cursor.advance();
      if (reading) await reading;
    }
    return backoffs;
  }

  /** log10 of the back-off of a context of one word. */
  ofWord(id: number): number {
    return this.values[1 + this.contexts.find(NO_WORDS, id)];
  }

  /**
   * Looks up the n-grams of the cursor's context and its followers, for `ofFollower`. Calls must follow the order of the cursor's
   * table, which is one order below the table that was read.
   */
  lookUp({ context, words, from, to }: TableCursor): void {
    if (this.indices.length < to) this.indices = new Uint32Array(2 * to);
    for (let i = from; i < to; i++) this.indices[i] = 1 + this.contexts.find(context, words[i]);
  }

  /** log10 of the back-off of the n-gram that ends with the cursor's entry `i`; 0 for an n-gram that is no context. */
  ofFollower(i: number): number {
    return this.values[this.indices[i]];
  }
}
