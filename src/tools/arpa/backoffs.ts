import { Contexts } from './contexts.js';
import type { ModelParts } from '../../model/scoring/parts.js';
import type { Block } from '../../tables/block.js';
import { BLOCK_ENTRIES } from '../../tables/block.js';
import { wordIds } from '../../tables/manifest.js';
import type { TableCursor } from '../../tables/cursor.js';
import type { BackoffSource } from './source.js';

/**
 * The back-offs of a table's contexts, found by n-gram: an ARPA file writes the back-off of a context with the n-gram of the
 * order below that has the same words. Memory: a little more than 12 bytes for each context.
 */
export class Backoffs {
  private readonly contexts: Contexts;
  /** log10 of the back-off of each context, from index 1 on; index 0 is for n-grams that are no context, with the value 0. */
  private readonly values: Float64Array;
  /** For each n-gram that `find` looked for, its index in `values`. */
  private places = new Uint32Array(BLOCK_ENTRIES);
  private rows = Uint32Array.from({ length: BLOCK_ENTRIES }, (_, i) => i);
  private readonly columns: Uint32Array[] = [];

  private constructor({ words, manifest }: ModelParts, level: number) {
    const { pattern, manifest: table } = words[level];
    this.contexts = new Contexts(pattern, wordIds(manifest), table);
    this.values = new Float64Array(table.contexts + 1);
  }

  /** @param level the level of the table (its order less 1). */
  static async read(source: BackoffSource, parts: ModelParts, level: number): Promise<Backoffs> {
    const backoffs = new Backoffs(parts, level);
    const { contexts, values } = backoffs;
    const cursor = await source.open(level);
    const columns = columnsOf(cursor);
    while (!cursor.done) {
      const place = contexts.count + 1;
      values[place] = source.backoff(level, cursor);
      contexts.add(columns, 0, place);
      const reading = cursor.advance();
      if (reading) await reading;
    }
    return backoffs;
  }

  /** log10 of the back-off of a single word. */
  ofWord(id: number): number {
    this.places[0] = 0;
    this.contexts.linkWord(id, this.places, 0);
    return this.values[this.places[0]];
  }

  /** Looks up all n-grams of the context that a cursor is at. Calls must follow the order of the table. */
  find(cursor: TableCursor): void {
    const { from, to, words } = cursor;
    if (this.places.length < to) {
      this.places = new Uint32Array(2 * to);
      this.rows = Uint32Array.from({ length: 2 * to }, (_, i) => i);
    }
    if (this.columns.length === 0) this.columns.push(...columnsOf(cursor));
    const ngrams: NgramRows = { contexts: this.columns, contextCount: 1, starts: Uint32Array.of(from, to), words };
    this.places.fill(0, from, to);
    this.contexts.link(ngrams, this.rows, this.places, 0);
  }

  /** log10 of the back-off of the n-gram that is the cursor's entry `i`; 0 for one that is no context. */
  at(i: number): number {
    return this.values[this.places[i]];
  }
}

type NgramRows = Pick<Block, 'contexts' | 'contextCount' | 'starts' | 'words'>;

/** Views of a cursor's context: for each of its words a column with one entry. They change when the cursor advances. */
function columnsOf({ context }: TableCursor): Uint32Array[] {
  return Array.from(context, (_, j) => context.subarray(j, j + 1));
}
