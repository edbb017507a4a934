import { isStep, type Stream } from '../tables/pattern.js';
import { tooLarge } from './id-stream.js';
import { mergeRuns, RUN_BUFFER_BYTES, RunWriter, type RunSegment } from './runs.js';
import type { Weights } from './ngram-source.js';
import type { Scratch, ScratchFile } from './scratch.js';
import { PositionSorter, SortSpace, type TupleSink } from './sort.js';
import { stepColumns } from './step-tally.js';
import { TupleSums } from './tuple-sums.js';
import { emptySummary, type TableSummary } from '../tables/table-writer.js';
import { createTally, type Sort } from './adjust.js';
import type { Tally } from './tally.js';
import type { CountedBlock } from './context-output.js';

/** At most this many tallies are kept for later tasks, because each holds the buffers of an unfinished block of every table that it writes. */
const KEPT_TALLIES = 64;

/** The data that every counting thread of a build needs. */
export interface CountPlan {
  /** Whether words, their classes or a step of Model M are counted. */
  readonly stream: Stream;
  /** Columns of the longest n-grams. */
  readonly order: number;
  readonly sorts: readonly Sort[];
  /** How the chunks say how often each n-gram was seen. */
  readonly weights: Weights;
  /** Ids in use, `NONE` included. */
  readonly types: number;
  /** By word id, the rank of the word in the table of unigrams; given if contiguous patterns get blocks of tries instead of blocks of rows. */
  readonly ranks?: Uint32Array;
  /** For a step of Model M: by word id, the id of its class. */
  readonly classOf?: Uint32Array;
  /** Path of the file for this thread's sorted runs. */
  readonly temporary: string;
  /** Total size of the buffers through which runs are merged [bytes]. */
  readonly mergeMemory: number;
  /** How many messages of blocks this thread has sent that are not written yet: one number in shared memory; absent if threads share no memory. */
  readonly underWay?: Int32Array;
}

/** The work on one partition of one sort: any thread may do it. `sort` is an index into {@link CountPlan.sorts}. */
export type CountTask =
  /** Sorts positions of a chunk, and counts their tuples. */
  | { readonly kind: 'count'; readonly sort: number; readonly ids: Uint32Array; readonly positions: Uint32Array }
  /** Sorts positions of a chunk, and writes their tuples to disk as a run. */
  | { readonly kind: 'spill'; readonly sort: number; readonly ids: Uint32Array; readonly positions: Uint32Array }
  /** Merges the runs of all chunks, and counts their tuples. */
  | { readonly kind: 'merge'; readonly sort: number; readonly segments: readonly RunSegment[] };

/** The result of a task, besides its blocks. */
export interface CountResult {
  /** The summary of each table that got rows. */
  readonly summaries: readonly { readonly table: string; readonly summary: TableSummary }[];
  /** The run that a task of kind `spill` wrote. */
  readonly segment?: RunSegment;
  /** How many tuples were left out because their differences add up to less than 0. */
  readonly negative?: number;
}

/**
 * Does the tasks of one thread.
 *
 * - Input: tasks, whose positions are indices into the ids of a chunk.
 * - Output: blocks of tables, given to `emit` as they fill up; for each task the summaries of its tables, or its sorted run; at the end
 *   `unigrams`.
 * - Calls: `run` for each task; a task of kind `merge` comes after all tasks of kind `spill` of its sort and partition.
 */
export class Counter {
  /** By word id, the number of distinct words that stand directly before the word, over all tasks of the contiguous sort. */
  readonly unigrams: Uint32Array;
  /** Tallies by the index of their sort in `plan.sorts`. */
  private readonly tallies = new Map<number, Tally>();
  // All tasks use the same working memory: arrays allocated for each task would stay until garbage is collected.
  private readonly space = new SortSpace();
  private readonly runBuffer = new Uint8Array(RUN_BUFFER_BYTES);
  private mergeBuffer: Uint8Array | undefined;
  /** Open files with runs of any thread, by path. */
  private readonly files = new Map<string, ScratchFile>();
  /** The file with the runs of this thread, and its length [bytes]. */
  private runFile: { file: ScratchFile; path: string; length: number } | undefined;

  /** @param scratch creates the files of sorted runs; without it, tasks of kind `spill` are refused. */
  constructor(
    private readonly plan: CountPlan,
    private readonly scratch: Scratch | undefined,
    private readonly emit: (block: CountedBlock) => void,
  ) {
    this.unigrams = new Uint32Array(plan.types);
  }

  run(task: CountTask): CountResult {
    const tally = this.tallyOf(task.sort);
    const { distances } = tally;
    switch (task.kind) {
      case 'count':
        return this.count(tally, sink => {
          this.sorter(distances, sink).sort(task.ids, task.positions);
        });
      case 'spill':
        return this.spill(distances, task.ids, task.positions);
      case 'merge': {
        this.mergeBuffer ??= new Uint8Array(this.plan.mergeMemory);
        const { mergeBuffer } = this;
        const isSigned = this.plan.weights === 'differences';
        return this.count(tally, sink =>
          mergeRuns(task.segments, distances.length, path => this.open(path), mergeBuffer, sink, isSigned),
        );
      }
    }
  }

  /** Counts the tuples that `give` sends to a sink. Differences of equal tuples are added up first. */
  private count(tally: Tally, give: (sink: TupleSink) => void): CountResult {
    if (this.plan.weights !== 'differences') {
      give(tally.add);
      return finish(tally);
    }
    const sums = new TupleSums(tally.distances.length, tally.add);
    give(sums.add);
    const negative = sums.end();
    return { ...finish(tally), negative };
  }

  close(): void {
    for (const file of this.files.values()) file.close();
    this.files.clear();
    this.runFile?.file.close();
    this.runFile = undefined;
  }

  /** The tally of a sort, which is made at the first call. */
  private tallyOf(sort: number): Tally {
    let tally = this.tallies.get(sort);
    if (!tally) {
      const { stream, order, sorts, ranks } = this.plan;
      if (this.tallies.size >= KEPT_TALLIES) this.tallies.clear();
      tally = createTally(sorts[sort], stream, order, this.unigrams, this.emit, ranks);
      this.tallies.set(sort, tally);
    }
    return tally;
  }

  private sorter(distances: readonly number[], sink: TupleSink): PositionSorter {
    const { stream, order, classOf, weights } = this.plan;
    const maps = isStep(stream)
      ? stepColumns(stream, order - 1).ofClass.map(isClass => (isClass ? classOf : undefined))
      : [];
    return new PositionSorter(distances, sink, this.space, weights, maps);
  }

  /** Sorts positions, and writes their tuples to this thread's file as a run. */
  private spill(distances: readonly number[], ids: Uint32Array, positions: Uint32Array): CountResult {
    const path = this.plan.temporary;
    this.runFile ??= { file: this.disk().create(path), path, length: 0 };
    const { file, length } = this.runFile;
    const writer = new RunWriter(file, path, length, distances.length, this.runBuffer);
    this.sorter(distances, writer.add).sort(ids, positions);
    const segment = writer.end();
    this.runFile.length += segment.length;
    return { summaries: [], segment };
  }

  private open(path: string): ScratchFile {
    let file = this.files.get(path);
    if (file === undefined) this.files.set(path, (file = this.disk().open(path)));
    return file;
  }

  /** @throws KNESER_LIMIT if there is no disk. */
  private disk(): Scratch {
    if (this.scratch) return this.scratch;
    throw tooLarge();
  }
}

/** Ends a partition. @returns the summaries of the tables that got rows; the tally begins new summaries. */
function finish(tally: Tally): CountResult {
  tally.end();
  const summaries = tally.tables
    .filter(({ summary }) => summary.rows > 0)
    .map(({ table, summary }) => ({ table, summary }));
  for (const table of tally.tables) table.summary = emptySummary();
  return { summaries };
}
