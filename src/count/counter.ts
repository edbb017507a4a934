import type { Stream } from '../tables/pattern.js';
import { tooLarge } from './id-stream.js';
import { mergeRuns, RUN_BUFFER_BYTES, RunWriter, type RunSegment } from './runs.js';
import type { Scratch, ScratchFile } from './scratch.js';
import { PositionSorter, SortSpace } from './sort.js';
import { emptySummary, type EncodedBlock, type TableSummary } from '../tables/table-writer.js';
import { createTally, type Sort, type Tally } from './adjust.js';

/** Tallies that are kept from task to task: each has a block of every table that it writes. */
const KEPT_TALLIES = 64;

/** What every thread needs to know of a build. */
export interface CountPlan {
  /** What is counted: words, or their classes. */
  readonly stream: Stream;
  readonly order: number;
  readonly sorts: readonly Sort[];
  /** Ids in use, `NONE` included. */
  readonly types: number;
  /** Where this thread may put sorted runs. */
  readonly temporary: string;
  /** Bytes for the buffers of a merge. */
  readonly mergeMemory: number;
  /** How many of a thread's messages of blocks are not written yet: one number, where threads share memory. */
  readonly underWay?: Int32Array;
}

/** A piece of work, done by any thread in any order: one partition of one sort. */
export type CountTask =
  /** Sort positions of the corpus and count them. */
  | { readonly kind: 'count'; readonly sort: number; readonly ids: Uint32Array; readonly positions: Uint32Array }
  /** Sort them into a run on disk. */
  | { readonly kind: 'spill'; readonly sort: number; readonly ids: Uint32Array; readonly positions: Uint32Array }
  /** Merge such runs and count them. */
  | { readonly kind: 'merge'; readonly sort: number; readonly segments: readonly RunSegment[] };

/** What came of a task, besides blocks. */
export interface CountResult {
  readonly summaries: readonly { readonly table: string; readonly summary: TableSummary }[];
  readonly segment?: RunSegment;
}

/** Counts partitions, on whichever thread it lives. */
export class Counter {
  /** By id, the number of distinct words seen before it, over all tasks of the contiguous sort. */
  readonly unigrams: Uint32Array;
  private readonly tallies = new Map<number, Tally>();
  // Working memory that tasks share: what each took anew would lie about until it is collected.
  private readonly space = new SortSpace();
  private readonly runBuffer = new Uint8Array(RUN_BUFFER_BYTES);
  private mergeBuffer: Uint8Array | undefined;
  private readonly files = new Map<string, ScratchFile>();
  private runFile: { file: ScratchFile; path: string; length: number } | undefined;

  /** @param scratch for the sorted runs; without it, there can be none. */
  constructor(
    private readonly plan: CountPlan,
    private readonly scratch: Scratch | undefined,
    private readonly emit: (block: EncodedBlock) => void,
  ) {
    this.unigrams = new Uint32Array(plan.types);
  }

  run(task: CountTask): CountResult {
    const tally = this.tally(task.sort);
    const { distances, add } = tally;
    switch (task.kind) {
      case 'count':
        new PositionSorter(distances, add, this.space).sort(task.ids, task.positions);
        return finish(tally);
      case 'spill':
        return this.spill(distances, task.ids, task.positions);
      case 'merge': {
        this.mergeBuffer ??= new Uint8Array(this.plan.mergeMemory);
        mergeRuns(task.segments, distances.length, path => this.open(path), this.mergeBuffer, add);
        return finish(tally);
      }
    }
  }

  close(): void {
    for (const file of this.files.values()) file.close();
    this.files.clear();
    this.runFile?.file.close();
    this.runFile = undefined;
  }

  private tally(sort: number): Tally {
    let tally = this.tallies.get(sort);
    if (!tally) {
      const { stream, order, sorts } = this.plan;
      if (this.tallies.size >= KEPT_TALLIES) this.tallies.clear();
      tally = createTally(sorts[sort], stream, order, this.unigrams, this.emit);
      this.tallies.set(sort, tally);
    }
    return tally;
  }

  private spill(distances: readonly number[], ids: Uint32Array, positions: Uint32Array): CountResult {
    const path = this.plan.temporary;
    this.runFile ??= { file: this.disk().create(path), path, length: 0 };
    const { file, length } = this.runFile;
    const writer = new RunWriter(file, path, length, distances.length, this.runBuffer);
    new PositionSorter(distances, writer.add, this.space).sort(ids, positions);
    const segment = writer.end();
    this.runFile.length += segment.length;
    return { summaries: [], segment };
  }

  private open(path: string): ScratchFile {
    let file = this.files.get(path);
    if (file === undefined) this.files.set(path, (file = this.disk().open(path)));
    return file;
  }

  private disk(): Scratch {
    if (this.scratch) return this.scratch;
    throw tooLarge();
  }
}

function finish(tally: Tally): CountResult {
  tally.end();
  const summaries = tally.writers
    .filter(writer => writer.summary.rows > 0)
    .map(writer => ({ table: writer.table, summary: writer.summary }));
  for (const writer of tally.writers) writer.summary = emptySummary();
  return { summaries };
}
