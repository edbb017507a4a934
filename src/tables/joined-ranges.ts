import { checksumOfUint32 } from '../base/checksum.js';
import { trieBlockKey, trieKey } from '../store/keys.js';
import type { ModelWriter } from '../store/store.js';
import type { RangeBlock, RangeFigures } from './index-range.js';
import * as Header from './trie-header.js';
import { TrieFirstRows } from './trie-directory.js';

/** Blocks wait while an earlier range has not ended. When waiting blocks have more bytes than this, `put` waits too. */
const WAITING_BYTES = 64 << 20;

/** A table whose ranges were joined. */
export interface JoinedTable extends RangeFigures {
  readonly name: string;
}

/** A table whose ranges are joined. */
export interface RangedTable {
  readonly name: string;
  /** The index, in the list of tables, of the table of its parents, which comes before it; −1 if the parents are the empty context. */
  readonly parent: number;
}

/** The parts of a table that are written so far. */
interface Joined extends RangedTable {
  readonly firstRows: TrieFirstRows;
  /** Number of blocks. */
  blocks: number;
  /** Number of contexts of the ranges that have ended. */
  contexts: number;
  /** Number of contexts without followers of the ranges that have ended. */
  bare: number;
}

/**
 * Joins the blocks of ranges of words to tables.
 *
 * - Input: the blocks of ranges, several ranges at a time. The blocks of a range ascend; ranges come in any sequence.
 * - Output: the blocks of the tables, with indices of contexts and parents that count from the first context of the table instead of the
 *   range, and the directories.
 * - Works in the order of the ranges: blocks of a range wait until all earlier ranges have ended.
 */
export class JoinedRanges {
  private readonly tables: readonly Joined[];
  /** The first range that has not ended: its blocks are written at once. */
  private current = 0;
  /** The blocks of later ranges, by range. */
  private readonly waiting = new Map<number, RangeBlock[]>();
  /** The total length of the blocks of `waiting` [bytes]. */
  private waitingBytes = 0;
  private hasFailed = false;
  /** The figures of later ranges that have ended, by range. */
  private readonly ended = new Map<number, readonly RangeFigures[]>();
  /** By range, the function that lets its waiting `put` return. */
  private readonly turns = new Map<number, () => void>();
  /** Resolves when all blocks given so far are written. */
  private writing: Promise<void> = Promise.resolve();

  constructor(
    tables: readonly RangedTable[],
    private readonly to: Pick<ModelWriter, 'put'>,
  ) {
    this.tables = tables.map(({ name, parent }) => ({
      name,
      parent,
      firstRows: new TrieFirstRows(),
      blocks: 0,
      contexts: 0,
      bare: 0,
    }));
  }

  /** Takes the next blocks of a range. Resolves when there is room for more. */
  async put(range: number, blocks: readonly RangeBlock[]): Promise<void> {
    if (range === this.current) return this.write(blocks);
    const waiting = this.waiting.get(range);
    if (waiting) waiting.push(...blocks);
    else this.waiting.set(range, [...blocks]);
    this.waitingBytes += bytesOf(blocks);
    if (this.waitingBytes > WAITING_BYTES && !this.hasFailed)
      await new Promise<void>(resolve => this.turns.set(range, resolve));
    return undefined;
  }

  /** Ends a range. All its blocks were put before. @param figures by table, the figures of its part in the range. */
  end(range: number, figures: readonly RangeFigures[]): void {
    this.ended.set(range, figures);
    for (let ended = this.ended.get(this.current); ended; ended = this.ended.get(this.current)) {
      this.ended.delete(this.current++);
      for (const [i, { contexts, bare }] of ended.entries()) {
        this.tables[i].contexts += contexts;
        this.tables[i].bare += bare;
      }
      const blocks = this.waiting.get(this.current) ?? [];
      this.waiting.delete(this.current);
      this.waitingBytes -= bytesOf(blocks);
      this.writing = this.write(blocks);
      // A failure is thrown by the next write.
      this.writing.catch(() => undefined);
      this.turns.get(this.current)?.();
      this.turns.delete(this.current);
    }
  }

  /** Called if a range will never end: all waiting calls of `put` return, and blocks that were not written are lost. */
  fail(): void {
    this.hasFailed = true;
    for (const go of this.turns.values()) go();
    this.turns.clear();
  }

  /** Writes the directories. All ranges have ended. */
  async finish(): Promise<readonly JoinedTable[]> {
    await this.writing;
    for (const { name, firstRows } of this.tables) await this.to.put(trieKey(name), firstRows.encode());
    return this.tables;
  }

  /** Renumbers blocks at once, and writes them after all blocks given earlier. */
  private write(blocks: readonly RangeBlock[]): Promise<void> {
    const values = blocks.map(block => this.renumber(block));
    const write = async (): Promise<void> => {
      for (const [key, value] of values) await this.to.put(key, value);
    };
    return (this.writing = this.writing.then(write));
  }

  /** Makes the indices of a block of the current range count from the beginning of the table. @returns the key and the value of the block. */
  private renumber({ table, parent, word, rank, value }: RangeBlock): [key: Uint8Array, value: Uint8Array] {
    const joined = this.tables[table];
    const parents = joined.parent < 0 ? 0 : this.tables[joined.parent].contexts;
    joined.firstRows.add({ parent: parents + parent, word, rank });
    if (joined.contexts > 0 || parents > 0) {
      const words = new Uint32Array(value.buffer, value.byteOffset, value.length / 4);
      words[Header.firstContext] += joined.contexts;
      words[Header.firstParent] += parents;
      words[Header.checksum] = checksumOfUint32(words, 1);
    }
    return [trieBlockKey(joined.name, joined.blocks++), value];
  }
}

function bytesOf(blocks: readonly RangeBlock[]): number {
  return blocks.reduce((sum, { value }) => sum + value.length, 0);
}
