import type { ModelBuilder } from '../../tables/builder.js';
import type { TableCursor } from '../../tables/cursor.js';
import type { TableManifest } from '../../tables/manifest.js';
import { TableWriter, type EncodedBlock } from '../../tables/table-writer.js';

/** How many blocks one write to the store holds. */
const BLOCKS_A_WRITE = 128;

/** Copies rows of a table, and writes for each context Σ of the counts of its dropped rows. */
export class RowCopier {
  private readonly writer: TableWriter;
  /** Blocks that were not put yet. */
  private readonly blocks: EncodedBlock[] = [];
  /** The kept followers of a context. */
  private words = new Uint32Array(1024);
  private counts = new Uint32Array(1024);
  /** For each follower, 1 if its row is kept. */
  private isKept = new Uint8Array(1024);

  /** @param table is copied. @param isPruned whether rows are dropped. @param width words of a context. */
  constructor(
    private readonly table: TableManifest,
    private readonly isPruned: boolean,
    width: number,
    private readonly builder: ModelBuilder,
  ) {
    this.writer = new TableWriter(table.pattern, width, block => this.blocks.push(block));
  }

  /** The flags of the next context, for the caller to fill: for each of its followers, 1 if {@link copy} keeps its row. They are read if rows are dropped. */
  flags(followers: number): Uint8Array {
    if (this.isKept.length < followers) this.isKept = new Uint8Array(2 * followers);
    return this.isKept;
  }

  /** Copies rows of the context of a cursor. Returns a promise if the caller has to wait. */
  copy(cursor: TableCursor): Promise<void> | undefined {
    const { from, to, context, words: followers, counts: all } = cursor;
    if (this.words.length < to - from) {
      this.words = new Uint32Array(2 * (to - from));
      this.counts = new Uint32Array(2 * (to - from));
    }
    const { words, counts, isKept, isPruned } = this;
    let length = 0;
    let pruned = 0;
    for (let i = from; i < to; i++) {
      if (!isPruned || isKept[i - from] === 1) {
        words[length] = followers[i];
        counts[length++] = all[i];
      } else {
        pruned += all[i];
      }
    }
    if (length > 0) this.writer.group(context, words, counts, length, pruned);
    return this.blocks.length < BLOCKS_A_WRITE ? undefined : this.put();
  }

  /** Ends the table. @returns the manifest of the copy. */
  async finish(): Promise<TableManifest> {
    this.writer.flush();
    await this.put();
    if (!this.isPruned) return this.table;
    const { rows, contexts } = this.writer.summary;
    return { ...this.table, rows, contexts, dropped: this.table.rows - rows };
  }

  private async put(): Promise<void> {
    await this.builder.putBlocks(0, this.blocks.splice(0));
  }
}
