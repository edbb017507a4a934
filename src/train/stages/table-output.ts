import { sharedMemory } from '../../base/shared-memory.js';
import type { CountedBlock } from '../../count/context-output.js';
import type { ModelWriter } from '../../store/store.js';
import { unigramRows, type ModelBuilder } from '../../tables/builder.js';
import type { RangeBlock } from '../../tables/index-range.js';
import { JoinedRanges } from '../../tables/joined-ranges.js';
import { contiguous, tableName, type Pattern, type Stream } from '../../tables/pattern.js';
import { putRootTable } from '../../tables/root-table.js';
import { addCounts, emptySummary, type EncodedBlock, type TableSummary } from '../../tables/table-writer.js';

/** Takes the tables of a stream as they are counted. */
export interface TableOutput {
  /** By word id, its rank among the followers of the empty context, if the blocks are those of tries. */
  readonly ranks?: Uint32Array;
  /** Takes the next blocks of tables within one partition. Resolves when there is room for more. */
  putBlocks(partition: number, blocks: readonly CountedBlock[]): Promise<void>;
  /** Ends a partition, all of whose blocks were put. @param contexts by table, how many the partition has; tables without any may be missing. */
  endPartition(partition: number, contexts: ReadonlyMap<string, number>): void;
  /** Takes the table of order 1. @param counts by word id; 0 for words without a row. */
  putUnigrams(counts: Uint32Array): Promise<TableSummary>;
  /** Ends tables whose partitions have ended, or that of order 1. */
  endTables(patterns: readonly Pattern[]): Promise<void>;
  /** Tells that counting failed: nobody waits in `putBlocks` any longer. */
  fail(): void;
}

/** Writes blocks of rows into the store `counted`. */
export class RowTables implements TableOutput {
  constructor(
    private readonly builder: ModelBuilder,
    private readonly stream: Stream,
  ) {}

  putBlocks(partition: number, blocks: readonly CountedBlock[]): Promise<void> {
    return this.builder.putBlocks(partition, blocks as readonly EncodedBlock[]);
  }

  endPartition(): void {
    // The order of the blocks is known from their partitions.
  }

  putUnigrams(counts: Uint32Array): Promise<TableSummary> {
    return this.builder.putUnigrams(this.stream, counts);
  }

  endTables(patterns: readonly Pattern[]): Promise<void> {
    return this.builder.putDirectories(this.stream, patterns);
  }

  fail(): void {
    // Nobody waits.
  }
}

/** Writes the tries of all contiguous tables of words into the store of the model: partitions are the ranges of the tries. */
export class TrieTables implements TableOutput {
  readonly ranks: Uint32Array;
  /** Number of followers of the empty context. */
  readonly followers: number;
  private readonly joined: JoinedRanges;
  private readonly names: readonly string[];

  /** @param occurs by word id, above 0 for a word that occurs: these words follow the empty context. */
  constructor(
    private readonly store: Pick<ModelWriter, 'put'>,
    order: number,
    occurs: ArrayLike<number>,
  ) {
    const { words, length } = unigramRows(occurs);
    this.followers = length;
    this.ranks = new Uint32Array(sharedMemory(4 * occurs.length));
    for (let rank = 0; rank < length; rank++) this.ranks[words[rank]] = rank;
    this.names = Array.from({ length: order - 1 }, (_, i) => tableName(contiguous(i + 2), 'words'));
    this.joined = new JoinedRanges(
      this.names.map((name, i) => ({ name, parent: i - 1 })),
      store,
    );
  }

  putBlocks(partition: number, blocks: readonly CountedBlock[]): Promise<void> {
    return this.joined.put(partition, blocks as readonly RangeBlock[]);
  }

  endPartition(partition: number, contexts: ReadonlyMap<string, number>): void {
    this.joined.end(
      partition,
      this.names.map(name => ({ contexts: contexts.get(name) ?? 0, bare: 0 })),
    );
  }

  async putUnigrams(counts: Uint32Array): Promise<TableSummary> {
    const { words, positive, length } = unigramRows(counts);
    const name = tableName([], 'words');
    const isSame = length === this.followers && words.subarray(0, length).every((word, i) => this.ranks[word] === i);
    if (!isSame) throw new Error('the words that were counted are not those that occur');
    await putRootTable(this.store, name, false, writer => {
      if (length > 0) writer.group(0, 0, words, positive, 0, length, 0);
    });
    const summary = { ...emptySummary(), rows: length, contexts: length > 0 ? 1 : 0 };
    addCounts(summary, positive, 0, length);
    return summary;
  }

  async endTables(patterns: readonly Pattern[]): Promise<void> {
    if (patterns.some(({ length }) => length > 0)) await this.joined.finish();
  }

  fail(): void {
    this.joined.fail();
  }
}
