import { Worker } from 'node:worker_threads';
import { threadError, WORKER_OPTIONS } from './worker-options.js';

/**
 * A worker thread that answers each message (question) with one message, in order. It keeps the process alive only while it owes an
 * answer.
 */
export class AnsweringThread<Question, Answer> {
  private readonly worker: Worker;
  /** The questions without an answer, in order. */
  private readonly asked: { resolve: (answer: Answer) => void; reject: (error: Error) => void }[] = [];
  /** Why the thread ended; `undefined` while it runs. */
  private ended: Error | undefined;

  /**
   * @param address the address of the worker's file.
   * @param workerData the data that the worker starts with.
   * @param work names the thread's work in messages, such as `scoring`.
   */
  constructor(address: URL, workerData: unknown, work: string) {
    this.worker = new Worker(address, { ...WORKER_OPTIONS, workerData });
    this.worker.unref();
    this.worker.on('message', (answer: Answer) => {
      this.asked.shift()?.resolve(answer);
      // An answer may come while the thread is being closed: the process stays until it has ended, or `close` would never return.
      if (this.asked.length === 0 && !this.ended) this.worker.unref();
    });
    this.worker.on('error', error => this.fail(threadError(address, error)));
    this.worker.on('exit', () => this.fail(new Error(`a ${work} thread ended unexpectedly`)));
  }

  /** How many questions it has to answer. */
  get waiting(): number {
    return this.asked.length;
  }

  /** Asks the thread. */
  ask(question: Question): Promise<Answer> {
    if (this.ended) return Promise.reject(this.ended);
    return new Promise((resolve, reject) => {
      // First, because a question that cannot be sent throws, and must not wait for the answer of the next one.
      this.worker.postMessage(question);
      this.asked.push({ resolve, reject });
      this.worker.ref();
    });
  }

  /** Ends the thread. Questions without an answer are rejected with the reason. */
  async close(reason: Error): Promise<void> {
    this.fail(reason);
    await this.worker.terminate();
  }

  private fail(error: Error): void {
    this.ended ??= error;
    for (const { reject } of this.asked.splice(0)) reject(this.ended);
  }
}

/** Threads that do the same work, each question by the thread that has the fewest to answer. */
export class AnsweringThreads<Question, Answer> {
  private readonly threads: readonly AnsweringThread<Question, Answer>[];

  /** @param count how many threads; the other parameters as for {@link AnsweringThread}. */
  constructor(count: number, address: URL, workerData: unknown, work: string) {
    this.threads = Array.from({ length: count }, () => new AnsweringThread(address, workerData, work));
  }

  get count(): number {
    return this.threads.length;
  }

  /** Asks a thread. */
  ask(question: Question): Promise<Answer> {
    const freest = this.threads.reduce((least, thread) => (thread.waiting < least.waiting ? thread : least));
    return freest.ask(question);
  }

  /** Ends the threads; answers that are due fail with the reason. */
  async close(reason: Error): Promise<void> {
    await Promise.all(this.threads.map(thread => thread.close(reason)));
  }
}
