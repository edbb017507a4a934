import { allSettled } from '../../base/all-settled.js';
import type { Sort } from '../../count/adjust.js';
import type { CountResult, CountTask } from '../../count/counter.js';
import { tooLarge } from '../../count/id-stream.js';
import type { NgramSource } from '../../count/ngram-source.js';
import { partitionPositions, type Partitions } from '../../count/partition.js';
import type { BlockSink, CountPool } from '../../count/pool.js';
import type { RunSegment } from '../../count/runs.js';
import { tableName } from '../../tables/pattern.js';
import { addSummary, emptySummary, type TableSummary } from '../../tables/table-writer.js';
import { BYTES_A_POSITION, WRITTEN_SHARE } from '../plan/budget.js';
import type { CountedTable } from '../resume/checkpoints.js';
import type { BuildContext } from './context.js';
import type { CountedStream } from './counted-streams.js';
import type { TableOutput } from './table-output.js';

/** The fewest positions of a chunk, however little memory there is. */
const LEAST_POSITIONS = 1 << 16;
/** The most 32-bit numbers of a chunk (2 GiB), however much memory there is. */
const MOST_NUMBERS = 1 << 29;

/** The most numbers of a chunk of a source. A source that has no more fits into its share of the memory. */
export function mostNumbers({ workspace }: BuildContext, { step }: NgramSource): number {
  const bytes = BYTES_A_POSITION + 4 * (step - 1);
  return Math.min(MOST_NUMBERS, step * Math.max(LEAST_POSITIONS, Math.floor(workspace.memory / 2 / bytes)));
}

/** The parts that the counting of a stream works with. */
interface Work {
  /** The sorts to be done, without the sorts that an interrupted build had finished. */
  readonly sorts: readonly Sort[];
  readonly partitions: Partitions;
  readonly pool: CountPool;
  readonly output: TableOutput;
  /** The summaries of finished tables by name. Tables that are counted here are added. */
  readonly summaries: Map<string, TableSummary>;
}

/**
 * The counting of one stream: a task for each sort and partition, done by the pool's threads.
 *
 * - Input: the n-grams of the stream's source, and the sorts that are to be done.
 * - Output: blocks and directories in the store; summaries of the tables; unigram counts in the pool.
 * - Tasks may end in any order: the keys of the blocks, and so the model, do not depend on it.
 *
 * A source that fits into half of the memory is one chunk, and each of its tasks counts at once. A larger one is sorted chunk by
 * chunk into runs on the disk, which are then merged and counted.
 */
export class TableCounting {
  /** The most numbers of a chunk. */
  private readonly chunkLength: number;
  private readonly isSpilling: boolean;
  /** By sort and partition, the sorted runs on the disk. */
  private readonly runs: readonly RunSegment[][][];
  private readonly collectWritten: (bytes: number) => void;

  constructor(
    private readonly context: BuildContext,
    private readonly stream: CountedStream,
    private readonly work: Work,
  ) {
    const { ngrams } = stream.source;
    this.chunkLength = mostNumbers(context, ngrams);
    this.isSpilling = ngrams.length > this.chunkLength;
    const { sorts, partitions } = work;
    this.runs = sorts.map(() => Array.from({ length: partitions.count }, () => []));
    this.collectWritten = context.collectEvery(WRITTEN_SHARE, false);
  }

  async run(): Promise<void> {
    if (this.work.sorts.length === 0) return;
    if (this.isSpilling && !this.context.workspace.scratch) throw tooLarge();
    await this.sortChunks();
    if (this.isSpilling) await this.mergeRuns();
  }

  /** Sorts the positions of all chunks. The memory of the source is free again when this ends. */
  private async sortChunks(): Promise<void> {
    const { context, stream, isSpilling } = this;
    const { partitions } = this.work;
    const { toId, last, name, classOf } = stream;
    // The contexts of the word step begin with the class of the predicted word.
    const isWordStep = name === 'word-step';
    const firstClass = isWordStep ? classOf : undefined;
    const { ngrams } = stream.source;
    const families = familiesOf(this.work.sorts);
    const total = (ngrams.length / ngrams.step) * families.length;
    const [kind, stage] = isSpilling ? (['spill', 'sort'] as const) : (['count', 'count'] as const);
    let done = 0;
    let reuse: Uint32Array | undefined;
    for await (const chunk of ngrams.chunks(toId, this.chunkLength, last)) {
      const { ids } = chunk;
      for (const { distance: first, members } of families) {
        const distance = isWordStep ? 0 : first;
        context.checkAborted();
        const grouped = partitionPositions(chunk, distance, partitions, reuse, firstClass);
        reuse = grouped.positions;
        const tasks: Promise<void>[] = [];
        for (let p = 0; p < partitions.count; p++) {
          const positions = grouped.positions.subarray(grouped.starts[p], grouped.starts[p + 1]);
          if (positions.length === 0) {
            this.work.output.endPartition(p, new Map());
            continue;
          }
          const sortPartition = async (): Promise<void> => {
            // The sorts of one family read the same positions, one sort after the other.
            for (const sort of members) await this.perform(p, { kind, sort, ids, positions });
            done += positions.length;
            this.report(stage, done, total);
          };
          tasks.push(sortPartition());
        }
        await allSettled(tasks);
        if (!isSpilling) await this.complete(members);
        await context.pause();
      }
    }
    // The padding of sentences is part of the total, but is not sorted.
    this.report(stage, total, total);
  }

  /** Merges the runs on the disk, sort by sort, and counts them. */
  private async mergeRuns(): Promise<void> {
    const { runs } = this;
    const lengthOf = (segments: readonly RunSegment[]): number => segments.reduce((sum, { length }) => sum + length, 0);
    const total = lengthOf(runs.flat(2));
    let done = 0;
    for (let sort = 0; sort < runs.length; sort++) {
      const tasks = runs[sort].map(async (segments, p) => {
        if (segments.length === 0) return;
        await this.perform(p, { kind: 'merge', sort, segments });
        done += lengthOf(segments);
        this.report('count', done, total);
      });
      await allSettled(tasks);
      await this.complete([sort]);
    }
  }

  /** Runs a task on a thread; stores the blocks that it makes, and keeps the summaries of its tables and its run on the disk. */
  private async perform(partition: number, task: CountTask): Promise<void> {
    const { pool, output, summaries } = this.work;
    this.context.checkAborted();
    const blocks: BlockSink = ready => {
      this.collectWritten(ready.reduce((sum, { value }) => sum + value.length, 0));
      return output.putBlocks(partition, ready);
    };
    let result: CountResult;
    try {
      result = await pool.run(task, blocks);
    } catch (error) {
      output.fail();
      throw error;
    }
    output.endPartition(partition, new Map(result.summaries.map(({ table, summary }) => [table, summary.contexts])));
    for (const { table, summary } of result.summaries) {
      const sum = summaries.get(table) ?? emptySummary();
      addSummary(sum, summary);
      summaries.set(table, sum);
    }
    if (result.negative) this.stream.source.ngrams.onNegative?.(result.negative);
    if (result.segment) this.runs[task.sort][partition].push(result.segment);
  }

  /** Writes the directories of finished sorts, and notes their tables as finished. */
  private async complete(finished: readonly number[]): Promise<void> {
    const { sorts, output, summaries } = this.work;
    const { name } = this.stream;
    const patterns = finished.flatMap(sort => sorts[sort]);
    await output.endTables(patterns);
    const tables = patterns.map((pattern): CountedTable => {
      const table = tableName(pattern, name);
      return { table, ...(summaries.get(table) ?? emptySummary()) };
    });
    // Tries are in the store of the model, which is always made anew.
    if (!output.ranks) await this.context.workspace.checkpoints?.completed(tables);
  }

  private report(stage: 'sort' | 'count', done: number, total: number): void {
    const { name, source } = this.stream;
    const unit = source.ngrams.weights === 'one' ? 'tokens' : 'n-grams';
    this.context.report({ stage: name === 'words' ? stage : 'classes', done, total, unit });
  }
}

/** Groups the indices of sorts by the distance of their first column. Sorts of one family share one division of the positions into partitions. */
function familiesOf(sorts: readonly Sort[]): { distance: number; members: number[] }[] {
  const families = new Map<number, number[]>();
  sorts.forEach((sort, index) => {
    const distance = sort[0][0];
    families.set(distance, [...(families.get(distance) ?? []), index]);
  });
  return [...families].map(([distance, members]) => ({ distance, members }));
}
