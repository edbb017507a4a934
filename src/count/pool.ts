import { Worker } from 'node:worker_threads';
import { Counter, type CountPlan, type CountResult, type CountTask } from './counter.js';
import type { EncodedBlock } from './table-writer.js';
import type { WorkerPlan, WorkerReply, WorkerRequest } from './worker.js';

/** Takes the blocks of a task as they fill up; what it returns is waited for before the task counts as done. */
export type BlockSink = (blocks: EncodedBlock[]) => Promise<void>;

/** Threads that count; with none, the work is done on the caller's. */
export interface CountPool {
  readonly threads: number;
  run(task: CountTask, blocks: BlockSink): Promise<CountResult>;
  /** Ends the threads, and returns the unigram counts of all tasks. */
  finish(): Promise<Uint32Array>;
  /** Ends the threads at once. */
  abort(): Promise<void>;
}

/** @param temporary gives each thread a file for its sorted runs. */
export function createPool(
  threads: number,
  plan: Omit<CountPlan, 'temporary'>,
  temporary: (thread: number) => string,
): CountPool {
  return threads > 0 ? new ThreadPool(threads, plan, temporary) : new SameThread({ ...plan, temporary: temporary(0) });
}

/** Threads make few objects that do not live on in arrays; as many as fit here are collected at a time. */
const resourceLimits = { maxYoungGenerationSizeMb: 8 };

class SameThread implements CountPool {
  readonly threads = 0;
  private blocks: EncodedBlock[] = [];
  private readonly counter: Counter;

  constructor(plan: CountPlan) {
    this.counter = new Counter(plan, block => this.blocks.push(block));
  }

  async run(task: CountTask, blocks: BlockSink): Promise<CountResult> {
    // Lets signals, timers and the store's writes have their turn between tasks.
    await new Promise(resolve => setImmediate(resolve));
    const result = this.counter.run(task);
    const ready = this.blocks;
    this.blocks = [];
    await blocks(ready);
    return result;
  }

  finish(): Promise<Uint32Array> {
    this.counter.close();
    return Promise.resolve(this.counter.unigrams);
  }

  abort(): Promise<void> {
    this.counter.close();
    return Promise.resolve();
  }
}

/** A thread, and how many messages of its blocks are not written yet. */
interface CountingThread {
  readonly worker: Worker;
  readonly underWay: Int32Array;
}

class ThreadPool implements CountPool {
  private readonly idle: CountingThread[] = [];
  private readonly workers: CountingThread[];
  private waiting: { resolve: (worker: CountingThread) => void; reject: (error: Error) => void }[] = [];
  /** Why a thread ended before its time: no task can be given to any from then on. */
  private lost: Error | undefined;

  constructor(
    readonly threads: number,
    plan: Omit<CountPlan, 'temporary'>,
    temporary: (thread: number) => string,
  ) {
    this.workers = Array.from({ length: threads }, (_, thread) => {
      const underWay = new Int32Array(new SharedArrayBuffer(4));
      const workerData: WorkerPlan = { ...plan, temporary: temporary(thread), underWay };
      const worker = new Worker(new URL('./worker.js', import.meta.url), { workerData, resourceLimits });
      return { worker, underWay };
    });
    for (const { worker } of this.workers) {
      worker.setMaxListeners(0);
      worker.on('error', error => this.lose(error));
    }
    this.idle.push(...this.workers);
  }

  async run(task: CountTask, blocks: BlockSink): Promise<CountResult> {
    const thread = await this.takeWorker();
    const write = async (ready: EncodedBlock[]): Promise<void> => {
      try {
        await blocks(ready);
      } finally {
        // The thread may be waiting for that.
        Atomics.sub(thread.underWay, 0, 1);
        Atomics.notify(thread.underWay, 0);
      }
    };
    // Each write is watched from the start: it may fail while the task goes on.
    const writes: Promise<PromiseSettledResult<void>[]>[] = [];
    let result: CountResult;
    try {
      result = await converse(thread.worker, { task }, reply => {
        if (reply.kind === 'blocks') writes.push(Promise.allSettled([write(reply.blocks)]));
        return reply.kind === 'result' ? reply.result : undefined;
      });
    } finally {
      await Promise.all(writes);
      this.giveBack(thread);
    }
    const failed = (await Promise.all(writes)).flat().find(write => write.status === 'rejected');
    if (failed) throw failed.reason;
    return result;
  }

  private takeWorker(): Promise<CountingThread> {
    if (this.lost) return Promise.reject(this.lost);
    const worker = this.idle.pop();
    if (worker) return Promise.resolve(worker);
    return new Promise((resolve, reject) => this.waiting.push({ resolve, reject }));
  }

  private giveBack(worker: CountingThread): void {
    const next = this.waiting.shift();
    if (next) next.resolve(worker);
    else this.idle.push(worker);
  }

  private lose(error: Error): void {
    this.lost ??= error;
    for (const { reject } of this.waiting) reject(this.lost);
    this.waiting = [];
  }

  async finish(): Promise<Uint32Array> {
    const all = await Promise.all(
      this.workers.map(({ worker }) =>
        converse(worker, { finish: true }, reply => (reply.kind === 'finished' ? reply.unigrams : undefined)),
      ),
    );
    const [sum, ...others] = all;
    for (const unigrams of others) for (let id = 0; id < sum.length; id++) sum[id] += unigrams[id];
    return sum;
  }

  async abort(): Promise<void> {
    this.lose(new Error('counting was stopped'));
    await Promise.all(this.workers.map(({ worker }) => worker.terminate()));
  }
}

/** Sends a request, and resolves with the first thing that `accept` makes of the answers. */
function converse<T>(
  worker: Worker,
  request: WorkerRequest,
  accept: (reply: WorkerReply) => T | undefined,
): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const settle = (act: () => void): void => {
      worker.off('message', onMessage);
      worker.off('error', onError);
      worker.off('exit', onExit);
      act();
    };
    const onError = (error: Error): void => settle(() => reject(error));
    const onExit = (): void => settle(() => reject(new Error('a counting thread ended unexpectedly')));
    const onMessage = (reply: WorkerReply): void => {
      if (reply.kind === 'failed') {
        onError(Object.assign(new Error(reply.message), { code: reply.code }));
        return;
      }
      const accepted = accept(reply);
      if (accepted !== undefined) settle(() => resolve(accepted));
    };
    worker.on('message', onMessage);
    worker.on('error', onError);
    worker.on('exit', onExit);
    worker.postMessage(request);
  });
}
