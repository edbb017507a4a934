import { checksumOfUint32 } from '../base/checksum.js';
import { trieBlockKey, trieKey } from '../store/keys.js';
import type { ModelWriter } from '../store/store.js';
import type { RangeBlock, RangeFigures } from './index-range.js';
import { Header } from './trie-block.js';
import { TrieFirstRows } from './trie-directory.js';

/** Bytes of blocks of later ranges that may wait for the earlier ones. */
const WAITING_BYTES = 64 << 20;

/** A table that was joined. */
export interface JoinedTable extends RangeFigures {
  readonly name: string;
}

/** A table that is joined of ranges. */
export interface RangedTable {
  readonly name: string;
  /** The place in the list of the table of its parents, which comes before it; −1 for the table of the empty pattern. */
  readonly parent: number;
}

/** A table so far: the blocks and the contexts of the ranges that are written. */
interface Joined extends RangedTable {
  readonly firstRows: TrieFirstRows;
  blocks: number;
  contexts: number;
  bare: number;
}

/**
 * Input: the blocks of ranges of words, several ranges at a time. Output: the blocks of the tables, with the numbers of contexts and
 * parents counted from the first context of the table, and the directories. Blocks ascend within a range, ranges come in any order;
 * blocks of later ranges wait until the earlier ones have ended.
 */
export class JoinedRanges {
  private readonly tables: readonly Joined[];
  /** The range whose blocks are written at once. */
  private current = 0;
  private readonly waiting = new Map<number, RangeBlock[]>();
  private waitingBytes = 0;
  private hasFailed = false;
  private readonly ended = new Map<number, readonly RangeFigures[]>();
  /** Called when a range becomes the current one. */
  private readonly turns = new Map<number, () => void>();
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

  /** Ends a range, all of whose blocks were put. @param figures of its part of each table. */
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

  /** Tells that a range will not end: nobody waits any longer, and what was not written is lost. */
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

  /** Numbers blocks, at once, and writes them, one write behind the other. */
  private write(blocks: readonly RangeBlock[]): Promise<void> {
    const values = blocks.map(block => this.place(block));
    const write = async (): Promise<void> => {
      for (const [key, value] of values) await this.to.put(key, value);
    };
    return (this.writing = this.writing.then(write));
  }

  /** The key and the value of a block of the current range. */
  private place({ table, parent, word, rank, value }: RangeBlock): [key: Uint8Array, value: Uint8Array] {
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
