import { Worker } from 'node:worker_threads';
import { Counter, type CountPlan, type CountResult, type CountTask } from './counter.js';
import type { EncodedBlock } from './table-writer.js';
import type { WorkerReply, WorkerRequest } from './worker.js';

/** Takes the blocks of a task as they fill up; what it returns is waited for before the task counts as done. */
export type BlockSink = (blocks: EncodedBlock[]) => Promise<void>;

/** Threads that count, or the caller's own. */
export interface CountPool {
  readonly threads: number;
  run(task: CountTask, blocks: BlockSink): Promise<CountResult>;
  /** Ends the threads, and returns the unigram counts of all tasks. */
  finish(): Promise<Uint32Array>;
  /** Ends the threads at once. */
  abort(): Promise<void>;
}

/**
 * @param apart whether the work is done on threads of their own, which leave the caller's free for signals, timers and writes.
 * @param temporary gives each thread a file for its sorted runs.
 */
export function createPool(
  threads: number,
  apart: boolean,
  plan: Omit<CountPlan, 'temporary'>,
  temporary: (thread: number) => string,
): CountPool {
  return apart ? new ThreadPool(threads, plan, temporary) : new SameThread({ ...plan, temporary: temporary(0) });
}

class SameThread implements CountPool {
  readonly threads = 1;
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

class ThreadPool implements CountPool {
  private readonly idle: Worker[] = [];
  private readonly workers: Worker[];
  private waiting: { resolve: (worker: Worker) => void; reject: (error: Error) => void }[] = [];
  /** Why a thread ended before its time: no task can be given to any from then on. */
  private lost: Error | undefined;

  constructor(
    readonly threads: number,
    plan: Omit<CountPlan, 'temporary'>,
    temporary: (thread: number) => string,
  ) {
    this.workers = Array.from({ length: threads }, (_, thread) => {
      const workerData: CountPlan = { ...plan, temporary: temporary(thread) };
      return new Worker(new URL('./worker.js', import.meta.url), { workerData });
    });
    for (const worker of this.workers) {
      worker.setMaxListeners(0);
      worker.on('error', error => this.lose(error));
    }
    this.idle.push(...this.workers);
  }

  async run(task: CountTask, blocks: BlockSink): Promise<CountResult> {
    const worker = await this.takeWorker();
    // Each write is watched from the start: it may fail while the task goes on.
    const writes: Promise<PromiseSettledResult<void>[]>[] = [];
    let result: CountResult;
    try {
      result = await converse(worker, { task }, reply => {
        if (reply.kind === 'blocks') writes.push(Promise.allSettled([blocks(reply.blocks)]));
        return reply.kind === 'result' ? reply.result : undefined;
      });
    } finally {
      await Promise.all(writes);
      this.giveBack(worker);
    }
    const failed = (await Promise.all(writes)).flat().find(write => write.status === 'rejected');
    if (failed) throw failed.reason;
    return result;
  }

  private takeWorker(): Promise<Worker> {
    if (this.lost) return Promise.reject(this.lost);
    const worker = this.idle.pop();
    if (worker) return Promise.resolve(worker);
    return new Promise((resolve, reject) => this.waiting.push({ resolve, reject }));
  }

  private giveBack(worker: Worker): void {
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
      this.workers.map(worker =>
        converse(worker, { finish: true }, reply => (reply.kind === 'finished' ? reply.unigrams : undefined)),
      ),
    );
    const [sum, ...others] = all;
    for (const unigrams of others) for (let id = 0; id < sum.length; id++) sum[id] += unigrams[id];
    return sum;
  }

  async abort(): Promise<void> {
    this.lose(new Error('counting was stopped'));
    await Promise.all(this.workers.map(worker => worker.terminate()));
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
