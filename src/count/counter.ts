import type { Stream } from '../pattern.js';
import { tooLarge } from './id-stream.js';
import { mergeRuns, RunWriter, type RunSegment } from './runs.js';
import type { Scratch, ScratchFile } from './scratch.js';
import { PositionSorter } from './sort.js';
import { emptySummary, type EncodedBlock, type TableSummary } from './table-writer.js';
import { createTally, type Sort, type Tally } from './tally.js';

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
  private readonly tallies: Tally[];
  private readonly sorters: PositionSorter[];
  private readonly spillSorters: PositionSorter[];
  private readonly files = new Map<string, ScratchFile>();
  private runFile: { file: ScratchFile; path: string; length: number } | undefined;
  private runWriter: RunWriter | undefined;

  /** @param scratch for the sorted runs; without it, there can be none. */
  constructor(
    private readonly plan: CountPlan,
    private readonly scratch: Scratch | undefined,
    emit: (block: EncodedBlock) => void,
  ) {
    this.unigrams = new Uint32Array(plan.types);
    this.tallies = plan.sorts.map(sort => createTally(sort, plan.stream, plan.order, this.unigrams, emit));
    this.sorters = this.tallies.map(({ distances, add }) => new PositionSorter(distances, add));
    this.spillSorters = this.tallies.map(
      ({ distances }) => new PositionSorter(distances, (...tuples) => this.runWriter?.add(...tuples)),
    );
  }

  run(task: CountTask): CountResult {
    switch (task.kind) {
      case 'count':
        this.sorters[task.sort].sort(task.ids, task.positions);
        return this.finish(this.tallies[task.sort]);
      case 'spill':
        return this.spill(task.sort, task.ids, task.positions);
      case 'merge': {
        const tally = this.tallies[task.sort];
        const { mergeMemory } = this.plan;
        mergeRuns(task.segments, tally.distances.length, path => this.open(path), mergeMemory, tally.add);
        return this.finish(tally);
      }
    }
  }

  close(): void {
    for (const file of this.files.values()) file.close();
    this.files.clear();
    this.runFile?.file.close();
    this.runFile = undefined;
  }

  private finish(tally: Tally): CountResult {
    tally.end();
    const summaries = tally.writers
      .filter(writer => writer.summary.rows > 0)
      .map(writer => ({ table: writer.table, summary: writer.summary }));
    for (const writer of tally.writers) writer.summary = emptySummary();
    return { summaries };
  }

  private spill(sort: number, ids: Uint32Array, positions: Uint32Array): CountResult {
    const path = this.plan.temporary;
    this.runFile ??= { file: this.disk().create(path), path, length: 0 };
    const { file, length } = this.runFile;
    this.runWriter = new RunWriter(file, path, length, this.tallies[sort].distances.length);
    this.spillSorters[sort].sort(ids, positions);
    const segment = this.runWriter.end();
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
