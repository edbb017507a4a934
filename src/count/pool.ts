import { canShare } from '../base/shared-memory.js';
import { nextTurn } from '../base/turn.js';
import { Counter, type CountPlan, type CountResult, type CountTask } from './counter.js';
import type { ThreadReply, ThreadRequest } from './counting-thread.js';
import type { CountedBlock } from './context-output.js';
import type { Scratch } from './scratch.js';

/** Takes blocks of a task as they fill up. The task ends only when all promises that the sink returned are settled. */
export type BlockSink = (blocks: CountedBlock[]) => Promise<void>;

/** Threads that do counting tasks; without threads of its own, a pool works on the caller's thread. */
export interface CountPool {
  /** Number of threads besides the caller's. */
  readonly threads: number;
  /** Runs a task on an idle thread; waits for one if all are busy. @throws the failure of the thread or of the sink. */
  run(task: CountTask, blocks: BlockSink): Promise<CountResult>;
  /** Ends the threads. @returns by word id, the number of distinct words that stand directly before the word, over all tasks. */
  finish(): Promise<Uint32Array>;
  /** Ends the threads at once. */
  abort(): Promise<void>;
}

/** A thread that serves requests, as `counting-thread.ts` does. */
export interface CountThread {
  /** Sends a request to the thread. */
  post(request: ThreadRequest): void;
  /** Ends the thread at once. */
  end(): Promise<void>;
}

/**
 * Starts a thread.
 *
 * @param onReply called with each reply of the thread.
 * @param onEnd called with the reason when the thread has ended or failed.
 */
export type StartThread = (
  plan: CountPlan,
  onReply: (reply: ThreadReply) => void,
  onEnd: (reason: Error) => void,
) => CountThread;

/** The threads and files that counting may use. */
export interface CountingResources {
  /** How many threads count at the same time. */
  readonly threads: number;
  /** Starts a counting thread, so that the caller's thread stays free for signals, timers and writes. Without it, the caller's thread counts. */
  readonly startThread?: StartThread | undefined;
  /** Creates the files of sorted runs; `undefined` where there is no disk. */
  readonly scratch: Scratch | undefined;
}

/** Makes a pool and starts its threads. @param temporary returns the path of the file for the sorted runs of a thread. */
export function createPool(
  { threads, startThread, scratch }: CountingResources,
  plan: Omit<CountPlan, 'temporary'>,
  temporary: (thread: number) => string,
): CountPool {
  const planOf = (thread: number): CountPlan => ({
    ...plan,
    temporary: temporary(thread),
    ...(canShare() ? { underWay: new Int32Array(new SharedArrayBuffer(4)) } : {}),
  });
  // A single thread besides the caller's is faster only if threads share memory: otherwise the ids of every task are copied to it.
  return startThread && (threads > 1 || (threads === 1 && canShare()))
    ? new ThreadPool(threads, thread => new PooledThread(startThread, planOf(thread)))
    : new SameThread(planOf(0), scratch);
}

/** A pool that works on the caller's thread. */
class SameThread implements CountPool {
  readonly threads = 0;
  private blocks: CountedBlock[] = [];
  private readonly counter: Counter;

  constructor(plan: CountPlan, scratch: Scratch | undefined) {
    this.counter = new Counter(plan, scratch, block => this.blocks.push(block));
  }

  async run(task: CountTask, blocks: BlockSink): Promise<CountResult> {
    await nextTurn();
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

/** A pool of threads, each of which does one task at a time. */
class ThreadPool implements CountPool {
  private readonly idle: PooledThread[];
  private readonly all: readonly PooledThread[];
  /** Callers of `run` that wait for an idle thread, the first caller first. */
  private waiting: { resolve: (thread: PooledThread) => void; reject: (error: Error) => void }[] = [];
  /** Why a thread ended too early, or that counting was stopped; set once, and from then on every task fails with it. */
  private lost: Error | undefined;

  constructor(
    readonly threads: number,
    start: (thread: number) => PooledThread,
  ) {
    this.all = Array.from({ length: threads }, (_, thread) => start(thread));
    for (const thread of this.all) thread.onLost = error => this.lose(error);
    this.idle = [...this.all];
  }

  async run(task: CountTask, blocks: BlockSink): Promise<CountResult> {
    const thread = await this.takeThread();
    // A write may fail while the task is still running; `allSettled` keeps that from being an unhandled rejection.
    const writes: Promise<PromiseSettledResult<void>[]>[] = [];
    let result: CountResult;
    try {
      result = await thread.ask({ task }, reply => {
        if (reply.kind === 'blocks')
          writes.push(Promise.allSettled([blocks(reply.blocks).finally(() => thread.notifyWritten())]));
        return reply.kind === 'result' ? reply.result : undefined;
      });
    } finally {
      await Promise.all(writes);
      this.returnThread(thread);
    }
    const failed = (await Promise.all(writes)).flat().find(write => write.status === 'rejected');
    if (failed) throw failed.reason;
    return result;
  }

  /** An idle thread, as soon as there is one. */
  private takeThread(): Promise<PooledThread> {
    if (this.lost) return Promise.reject(this.lost);
    const thread = this.idle.pop();
    if (thread) return Promise.resolve(thread);
    return new Promise((resolve, reject) => this.waiting.push({ resolve, reject }));
  }

  private returnThread(thread: PooledThread): void {
    const next = this.waiting.shift();
    if (next) next.resolve(thread);
    else this.idle.push(thread);
  }

  /** Makes all waiting and later tasks fail. */
  private lose(error: Error): void {
    this.lost ??= error;
    for (const { reject } of this.waiting) reject(this.lost);
    this.waiting = [];
  }

  async finish(): Promise<Uint32Array> {
    const all = await Promise.all(
      this.all.map(thread =>
        thread.ask({ finish: true }, reply => (reply.kind === 'finished' ? reply.unigrams : undefined)),
      ),
    );
    await this.end();
    const [sum, ...others] = all;
    for (const unigrams of others) for (let id = 0; id < sum.length; id++) sum[id] += unigrams[id];
    return sum;
  }

  async abort(): Promise<void> {
    this.lose(new Error('counting was stopped'));
    await this.end();
  }

  private async end(): Promise<void> {
    await Promise.all(this.all.map(thread => thread.end()));
  }
}

/** A worker thread that answers one request at a time. */
class PooledThread {
  /** Called with the reason when the thread has ended. */
  onLost: ((reason: Error) => void) | undefined;
  private readonly thread: CountThread;
  /** Why the thread has ended. */
  private lost: Error | undefined;
  /** The request that the thread answers at present. */
  private asked: { take: (reply: ThreadReply) => void; reject: (error: Error) => void } | undefined;

  constructor(
    startThread: StartThread,
    private readonly plan: CountPlan,
  ) {
    this.thread = startThread(
      plan,
      reply => this.asked?.take(reply),
      reason => {
        this.lost = reason;
        this.asked?.reject(reason);
        this.onLost?.(reason);
      },
    );
  }

  /** Tells the thread that one of its messages of blocks was written; the thread may be waiting for it. */
  notifyWritten(): void {
    const { underWay } = this.plan;
    if (!underWay) return;
    Atomics.sub(underWay, 0, 1);
    Atomics.notify(underWay, 0);
  }

  /** Sends a request. @param accept called with each reply; the first value that it returns is the result of the request. */
  ask<T>(request: ThreadRequest, accept: (reply: ThreadReply) => T | undefined): Promise<T> {
    if (this.lost) return Promise.reject(this.lost);
    return new Promise<T>((resolve, reject) => {
      const take = (reply: ThreadReply): void => {
        if (reply.kind === 'failed') {
          reject(Object.assign(new Error(reply.message), { code: reply.code }));
          return;
        }
        const accepted = accept(reply);
        if (accepted !== undefined) resolve(accepted);
      };
      this.asked = { take, reject };
      this.thread.post(request);
    });
  }

  end(): Promise<void> {
    this.asked?.reject(new Error('counting was stopped'));
    return this.thread.end();
  }
}
