import { Worker } from 'node:worker_threads';
import { KneserError, type ErrorCode } from '../../base/errors.js';
import { threadError, WORKER_OPTIONS } from '../../base/node/worker-options.js';
import type { ModelStore } from '../../store/store.js';
import type { RangeBlock, RangeFigures, RangePlan } from '../index-range.js';
import type { IndexThreads } from '../index-threads.js';
import type { JoinedRanges } from '../joined-ranges.js';
import type { WordRange } from '../word-ranges.js';

/** A message to an indexing thread: a range to index, and the answers to its own messages. */
export type IndexRequest =
  | { readonly kind: 'range'; readonly range: WordRange }
  | { readonly kind: 'values'; readonly read: number; readonly values: readonly (Uint8Array | undefined)[] }
  | { readonly kind: 'taken' };

/** A message of an indexing thread. `rows`: the number of rows read since the message before. */
export type IndexReply =
  | { readonly kind: 'get'; readonly read: number; readonly keys: readonly Uint8Array[] }
  | { readonly kind: 'blocks'; readonly blocks: RangeBlock[]; readonly rows: number }
  | { readonly kind: 'done'; readonly figures: readonly RangeFigures[]; readonly rows: number }
  | { readonly kind: 'failed'; readonly message: string; readonly code: ErrorCode | undefined };

/** The data that an indexing thread starts with. */
export interface IndexThreadData {
  /** The name of the store in messages. */
  readonly store: string;
  readonly plan: RangePlan;
}

const ADDRESS = new URL('./indexing-worker.js', import.meta.url);
/** Few short-lived objects are allocated: a young generation of 8 MB (Node's default is 48 MB) is enough. */
const resourceLimits = { maxYoungGenerationSizeMb: 8 };

/** Threads that index ranges of words. The caller's thread reads and writes the stores for them. */
export class IndexingThreads implements IndexThreads {
  /** @param count threads, at most. */
  constructor(private readonly count: number) {}

  async run(
    from: ModelStore,
    plan: RangePlan,
    ranges: readonly WordRange[],
    joined: JoinedRanges,
    onRows: (rows: number) => void,
  ): Promise<void> {
    const threads = Array.from({ length: Math.min(this.count, ranges.length) }, () => new IndexingThread(from, plan));
    let next = 0;
    const indexRanges = async (thread: IndexingThread): Promise<void> => {
      while (next < ranges.length) {
        const number = next++;
        const take = (blocks: readonly RangeBlock[]): Promise<void> => joined.put(number, blocks);
        joined.end(number, await thread.index(ranges[number], take, onRows));
      }
    };
    try {
      await Promise.all(threads.map(indexRanges));
    } finally {
      await Promise.all(threads.map(thread => thread.end()));
    }
  }
}

/** A range that a thread indexes. */
interface Task {
  readonly take: (blocks: readonly RangeBlock[]) => Promise<void>;
  readonly onRows: (rows: number) => void;
  readonly resolve: (figures: readonly RangeFigures[]) => void;
  readonly reject: (error: unknown) => void;
}

/** A thread that indexes one range at a time. */
class IndexingThread {
  private readonly worker: Worker;
  private task: Task | undefined;
  private ended: Error | undefined;

  constructor(
    private readonly store: ModelStore,
    plan: RangePlan,
  ) {
    const workerData: IndexThreadData = { store: store.name, plan };
    this.worker = new Worker(ADDRESS, { ...WORKER_OPTIONS, workerData, resourceLimits });
    this.worker.on('message', (reply: IndexReply) => {
      this.answer(reply).catch((error: unknown) => this.task?.reject(error));
    });
    this.worker.on('error', error => this.fail(threadError(ADDRESS, error)));
    this.worker.on('exit', () => this.fail(new Error('an indexing thread ended unexpectedly')));
  }

  /** Indexes a range. @throws KNESER_DAMAGED, and what `take` and `onRows` throw. */
  index(range: WordRange, take: Task['take'], onRows: Task['onRows']): Promise<readonly RangeFigures[]> {
    if (this.ended) return Promise.reject(this.ended);
    return new Promise((resolve, reject) => {
      this.task = { take, onRows, resolve, reject };
      this.post({ kind: 'range', range });
    });
  }

  async end(): Promise<void> {
    await this.worker.terminate();
  }

  private async answer(reply: IndexReply): Promise<void> {
    const { task } = this;
    if (!task) return;
    switch (reply.kind) {
      case 'get':
        this.post({ kind: 'values', read: reply.read, values: await this.store.getMany(reply.keys) });
        return;
      case 'blocks':
        task.onRows(reply.rows);
        await task.take(reply.blocks);
        this.post({ kind: 'taken' });
        return;
      case 'done':
        task.onRows(reply.rows);
        task.resolve(reply.figures);
        return;
      case 'failed':
        throw reply.code ? new KneserError(reply.code, reply.message) : new Error(reply.message);
    }
  }

  private post(request: IndexRequest): void {
    this.worker.postMessage(request);
  }

  private fail(error: Error): void {
    this.ended ??= error;
    this.task?.reject(this.ended);
  }
}
