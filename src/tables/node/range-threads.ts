import { Worker, type MessagePort } from 'node:worker_threads';
import { KneserError, type ErrorCode } from '../../base/errors.js';
import { threadError, WORKER_OPTIONS } from '../../base/node/worker-options.js';
import { openShared } from '../../store/folder/open-shared.js';
import type { ModelStore } from '../../store/store.js';
import type { WordRange } from '../word-ranges.js';

/**
 * Threads that work on ranges of words; each works on one range at a time. Each thread opens the files of finished models itself. The
 * caller's thread reads stores that are being made, and takes the blocks that the threads make, because only one thread can use a LevelDB.
 */

/** A message to a thread: a range to work on, and the answers to its own messages. */
type Request =
  | { readonly kind: 'range'; readonly range: unknown }
  | { readonly kind: 'values'; readonly read: number; readonly values: (Uint8Array | undefined)[] }
  | { readonly kind: 'taken' };

/** A message of a thread. `rows` is the number of rows that the thread has read since its last message with `rows`. */
type Reply =
  | { readonly kind: 'get'; readonly store: number; readonly read: number; readonly keys: readonly Uint8Array[] }
  | { readonly kind: 'blocks'; readonly blocks: unknown[]; readonly rows: number }
  | { readonly kind: 'done'; readonly result: unknown; readonly rows: number }
  | { readonly kind: 'failed'; readonly message: string; readonly code: ErrorCode | undefined };

/** The data that a thread starts with: the stores, and the facts that its work needs. */
interface ThreadData {
  readonly stores: readonly NamedStore[];
  readonly plan: unknown;
}

/** A store: its name in messages, and the data to open its files, if the thread can do so. */
type NamedStore = Pick<ModelStore, 'name' | 'shared'>;

/** Work on ranges: the data that the threads get, and the functions that take their results. */
export interface RangeWork<Block, Result, Range = WordRange> {
  /** Names the work in messages, such as `indexing`. */
  readonly name: string;
  /** The address of the worker's file, which calls {@link serveRanges}. */
  readonly worker: URL;
  /** The stores that the threads read. */
  readonly stores: readonly ModelStore[];
  /** The facts that the work needs; cloned to each thread. */
  readonly plan: unknown;
  readonly ranges: readonly Range[];
  /** Takes the next blocks of a range. Resolves when there is room for more. */
  take(range: number, blocks: readonly Block[]): Promise<void>;
  /** Takes the result of a range, after its blocks. */
  end(range: number, result: Result): void;
  /** Called with numbers of rows that were read; throws to stop. */
  onRows(rows: number): void;
}

/** These threads allocate few short-lived objects, so that a young generation of 8 MB (Node's default is 48 MB) is enough. */
const resourceLimits = { maxYoungGenerationSizeMb: 8 };

/**
 * Works on all ranges with up to `count` threads.
 *
 * @throws the failure of a thread or of a store, and the errors of `take` and `onRows`.
 */
export async function workOnRanges<Block, Result, Range>(
  count: number,
  work: RangeWork<Block, Result, Range>,
): Promise<void> {
  const { ranges } = work;
  const threads = Array.from({ length: Math.min(count, ranges.length) }, () => new RangeThread(work));
  let next = 0;
  const workOn = async (thread: RangeThread<Block, Result, Range>): Promise<void> => {
    while (next < ranges.length) {
      const range = next++;
      work.end(range, await thread.run(range));
    }
  };
  try {
    await Promise.all(threads.map(workOn));
  } finally {
    await Promise.all(threads.map(thread => thread.end()));
  }
}

/** A range that a thread works on. */
interface Task<Result> {
  /** Index in {@link RangeWork.ranges}. */
  readonly range: number;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

/** The caller's side of a thread. */
class RangeThread<Block, Result, Range> {
  private readonly worker: Worker;
  /** The task at present. */
  private task: Task<Result> | undefined;
  /** Why the thread ended; `undefined` while it runs. */
  private ended: Error | undefined;

  constructor(private readonly work: RangeWork<Block, Result, Range>) {
    const { worker: address, stores, plan } = work;
    const workerData: ThreadData = { stores: stores.map(({ name, shared }) => ({ name, shared })), plan };
    this.worker = new Worker(address, { ...WORKER_OPTIONS, workerData, resourceLimits });
    this.worker.on('message', (reply: Reply) => {
      this.answer(reply).catch((error: unknown) => this.task?.reject(error));
    });
    this.worker.on('error', error => this.fail(threadError(address, error)));
    this.worker.on('exit', () => this.fail(new Error(`the thread for ${work.name} ended unexpectedly`)));
  }

  /** Works on a range. @param range index in {@link RangeWork.ranges}. */
  run(range: number): Promise<Result> {
    if (this.ended) return Promise.reject(this.ended);
    return new Promise((resolve, reject) => {
      this.task = { range, resolve, reject };
      this.post({ kind: 'range', range: this.work.ranges[range] });
    });
  }

  async end(): Promise<void> {
    await this.worker.terminate();
  }

  private async answer(reply: Reply): Promise<void> {
    const { task, work } = this;
    if (!task) return;
    switch (reply.kind) {
      case 'get':
        this.post({ kind: 'values', read: reply.read, values: await work.stores[reply.store].getMany(reply.keys) });
        return;
      case 'blocks':
        work.onRows(reply.rows);
        await work.take(task.range, reply.blocks as Block[]);
        this.post({ kind: 'taken' });
        return;
      case 'done':
        work.onRows(reply.rows);
        task.resolve(reply.result as Result);
        return;
      case 'failed':
        throw reply.code ? new KneserError(reply.code, reply.message) : new Error(reply.message);
    }
  }

  private post(request: Request): void {
    this.worker.postMessage(request);
  }

  private fail(error: Error): void {
    this.ended ??= error;
    this.task?.reject(this.ended);
  }
}

/** Works on one range: reads stores, gives blocks to `take`, and tells `onRows` the rows that it read. */
export type WorkOnRange<Block, Result, Range> = (
  stores: readonly ModelStore[],
  range: Range,
  take: (blocks: Block[]) => Promise<void>,
  onRows: (rows: number) => void,
) => Promise<Result>;

/**
 * Serves a worker thread: works on each range that the caller's thread sends.
 *
 * @param data the `workerData` of the thread.
 * @param prepare makes the function that works on a range, from the plan of {@link RangeWork}.
 */
export function serveRanges<Block extends { readonly value: Uint8Array }, Result, Range = WordRange>(
  port: MessagePort,
  data: unknown,
  prepare: (plan: unknown) => WorkOnRange<Block, Result, Range>,
): void {
  const { stores, plan } = data as ThreadData;
  new RangeServer(port, stores, prepare(plan));
}

/** The worker's side of a thread. */
class RangeServer<Block extends { readonly value: Uint8Array }, Result, Range> {
  private readonly stores: Promise<readonly ModelStore[]>;
  /** The reads that are not answered yet, by their number: 1 for the first read of the thread. */
  private readonly reads = new Map<number, (values: (Uint8Array | undefined)[]) => void>();
  /** The number of the last read. */
  private lastRead = 0;
  /** Resolves when the caller's thread has taken the last blocks. */
  private taken: Promise<void> = Promise.resolve();
  /** Resolves `taken`. */
  private onTaken: () => void = () => undefined;
  /** Number of rows read since the last message with `rows`. */
  private rows = 0;

  constructor(
    private readonly port: MessagePort,
    stores: readonly NamedStore[],
    private readonly work: WorkOnRange<Block, Result, Range>,
  ) {
    this.stores = Promise.all(
      stores.map(async ({ name, shared }, i) => (shared ? openShared(shared) : this.store(name, i))),
    );
    // Whoever works on a range gets the error; until then it would count as unhandled.
    this.stores.catch(() => undefined);
    port.on('message', (request: Request) => {
      if (request.kind === 'range') void this.run(request.range as Range);
      else if (request.kind === 'values') this.takeValues(request.read, request.values);
      else this.onTaken();
    });
  }

  /** A store that reads through the caller's thread. @param store its index in {@link RangeWork.stores}. */
  private store(name: string, store: number): ModelStore {
    const getMany = (keys: readonly Uint8Array[]): Promise<(Uint8Array | undefined)[]> =>
      new Promise(resolve => {
        this.reads.set(++this.lastRead, resolve);
        this.post({ kind: 'get', store, read: this.lastRead, keys });
      });
    return {
      name,
      get: async key => (await getMany([key]))[0],
      getMany,
      entries: () => {
        throw new Error('a thread reads values by their keys alone');
      },
      close: () => Promise.resolve(),
    };
  }

  private takeValues(read: number, values: (Uint8Array | undefined)[]): void {
    this.reads.get(read)?.(values);
    this.reads.delete(read);
  }

  private async run(range: Range): Promise<void> {
    try {
      const onRows = (rows: number): void => void (this.rows += rows);
      const result = await this.work(await this.stores, range, blocks => this.give(blocks), onRows);
      await this.taken;
      this.post({ kind: 'done', result, rows: this.takeRows() });
    } catch (error) {
      const code = error instanceof KneserError ? error.code : undefined;
      this.post({ kind: 'failed', message: error instanceof Error ? error.message : String(error), code });
    }
  }

  /** Sends blocks to the caller's thread, after it has taken all earlier ones. */
  private async give(blocks: Block[]): Promise<void> {
    await this.taken;
    this.taken = new Promise(resolve => (this.onTaken = resolve));
    this.post({ kind: 'blocks', blocks, rows: this.takeRows() });
  }

  /** `rows`, which is then set to 0. */
  private takeRows(): number {
    const { rows } = this;
    this.rows = 0;
    return rows;
  }

  private post(reply: Reply): void {
    this.port.postMessage(reply);
  }
}
