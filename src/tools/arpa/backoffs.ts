import { Contexts } from '../../model/lookup/contexts.js';
import type { ModelParts } from '../../model/scoring/parts.js';
import type { Block } from '../../tables/block.js';
import { BLOCK_ENTRIES } from '../../tables/block.js';
import { wordIds } from '../../tables/manifest.js';
import type { TableCursor } from '../../tables/cursor.js';
import type { BackoffSource } from './source.js';

/** The back-offs of a table's contexts, for the n-grams that the contexts are: 12 bytes a context, or somewhat more. */
export class Backoffs {
  private readonly contexts: Contexts;
  /** log10, by context; the first is that of n-grams that are none. */
  private readonly values: Float64Array;
  /** For each n-gram at hand, its place in `values`. */
  private places = new Uint32Array(BLOCK_ENTRIES);
  private rows = Uint32Array.from({ length: BLOCK_ENTRIES }, (_, i) => i);
  private readonly columns: Uint32Array[] = [];

  private constructor({ words, manifest }: ModelParts, level: number) {
    const { pattern, manifest: table } = words[level];
    this.contexts = new Contexts(pattern, wordIds(manifest), table);
    this.values = new Float64Array(table.contexts + 1);
  }

  /** @param level of the table. */
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

  /** log10 of the back-off of a word by itself. */
  ofWord(id: number): number {
    this.places[0] = 0;
    this.contexts.linkWord(id, this.places, 0);
    return this.values[this.places[0]];
  }

  /** Looks for all n-grams that a cursor is at; n-grams come in the order of their table. */
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

/** The context of a cursor as columns with one entry, which change with it. */
function columnsOf({ context }: TableCursor): Uint32Array[] {
  return Array.from(context, (_, j) => context.subarray(j, j + 1));
}
