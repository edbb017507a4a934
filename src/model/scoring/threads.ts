import { Worker } from 'node:worker_threads';
import { threadError, WORKER_OPTIONS } from '../../base/node/worker-options.js';
import { closedError } from '../../base/errors.js';
import type { Piece, ScoringPlan, ScoringTask, TokenScores } from './pieces.js';
import type { PieceSum } from './perplexity.js';

/**
 * Threads that score pieces of texts with the same tables. They stay, warm, for the next text, and end with the process,
 * which they do not keep alive.
 */
export class ScoringThreads {
  private readonly threads: ScoringThread[];
  private next = 0;

  /** @param model its name, for messages. */
  constructor(
    count: number,
    plan: ScoringPlan,
    private readonly model: string,
  ) {
    this.threads = Array.from({ length: count }, () => new ScoringThread(plan));
  }

  get count(): number {
    return this.threads.length;
  }

  /** Gives a piece to the next thread, which adds its tokens up. */
  score(piece: Piece): Promise<PieceSum> {
    return this.ask({ piece, byToken: false }) as Promise<PieceSum>;
  }

  /** Gives a piece that begins with a sentence to the next thread, which scores it token by token. */
  scoreTokens(piece: Piece): Promise<TokenScores> {
    return this.ask({ piece, byToken: true }) as Promise<TokenScores>;
  }

  private ask(task: ScoringTask): Promise<unknown> {
    return this.threads[this.next++ % this.threads.length].ask(task);
  }

  async close(): Promise<void> {
    await Promise.all(this.threads.map(thread => thread.close(closedError(this.model))));
  }
}

/** A thread, which answers in the order that it is asked. */
class ScoringThread {
  private readonly worker: Worker;
  private readonly asked: { resolve: (answer: unknown) => void; reject: (error: Error) => void }[] = [];
  private ended: Error | undefined;

  constructor(workerData: ScoringPlan) {
    this.worker = new Worker(new URL('./worker.js', import.meta.url), { ...WORKER_OPTIONS, workerData });
    this.worker.unref();
    this.worker.on('message', (answer: unknown) => {
      this.asked.shift()?.resolve(answer);
      if (this.asked.length === 0) this.worker.unref();
    });
    this.worker.on('error', error => this.fail(threadError(new URL('./worker.js', import.meta.url), error)));
    this.worker.on('exit', () => this.fail(new Error('a scoring thread ended unexpectedly')));
  }

  private fail(error: Error): void {
    this.ended ??= error;
    for (const { reject } of this.asked.splice(0)) reject(this.ended);
  }

  ask(task: ScoringTask): Promise<unknown> {
    if (this.ended) return Promise.reject(this.ended);
    return new Promise((resolve, reject) => {
      this.asked.push({ resolve, reject });
      this.worker.ref();
      this.worker.postMessage(task, [task.piece.ids.buffer]);
    });
  }

  /** Ends it; what it was asked and has not answered fails for the reason given. */
  async close(reason: Error): Promise<void> {
    this.fail(reason);
    await this.worker.terminate();
  }
}
