import type { TableCursor } from '../../tables/cursor.js';
import { openCursor } from '../../tables/open-cursor.js';
import type { ModelParts } from '../../model/scoring/parts.js';
import { wordIds } from '../../tables/manifest.js';
import type { BackoffSource, VisitContext } from './source.js';

/** A back-off model: reads log10 p and back-offs from its tables, which have the numbers of the imported ARPA file. */
export class StoredSource implements BackoffSource {
  /** @param onRows called with the number of rows that were just read. */
  constructor(
    private readonly parts: ModelParts,
    private readonly onRows: (rows: number) => void,
  ) {}

  open(level: number): Promise<TableCursor> {
    const { store, words } = this.parts;
    return openCursor(store, words[level].manifest.pattern, level, this.onRows);
  }

  async unigrams(): Promise<Float64Array> {
    const log10Probs = new Float64Array(wordIds(this.parts.manifest)).fill(NaN);
    const { words, log10Probs: stored, from, to } = await this.open(0);
    for (let i = from; i < to; i++) log10Probs[words[i]] = stored[i];
    return log10Probs;
  }

  backoff(_level: number, cursor: TableCursor): number {
    return cursor.backoff;
  }

  async visit(level: number, visit: VisitContext): Promise<void> {
    const cursor = await this.open(level);
    while (!cursor.done) {
      const waiting = visit(cursor, cursor.log10Probs);
      if (waiting) await waiting;
      const reading = cursor.advance();
      if (reading) await reading;
    }
  }
}
