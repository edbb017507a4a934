import { Worker } from 'node:worker_threads';
import type { ScoringPlan } from './loaded-scorer.js';
import type { PieceSum } from './perplexity.js';
import type { Piece } from './pieces.js';

/** Pieces that may wait for each thread: so that none is ever idle, and a text is not read much faster than scored. */
const PIECES_A_THREAD = 3;

/** Threads that score the pieces of a text with the same tables. */
export class ScoringThreads {
  private readonly threads: ScoringThread[];
  private readonly waiting: Promise<PieceSum>[] = [];
  private next = 0;

  constructor(threads: number, plan: ScoringPlan) {
    this.threads = Array.from({ length: threads }, () => new ScoringThread(plan));
  }

  /** Gives a piece to the next thread. @returns the results that are due, in the order of their pieces. */
  async add(piece: Piece): Promise<PieceSum[]> {
    const { waiting, threads } = this;
    const sum = threads[this.next++ % threads.length].score(piece);
    // It is looked at when it is due; until then a failure is not unhandled.
    sum.catch(() => undefined);
    waiting.push(sum);
    return waiting.length > threads.length * PIECES_A_THREAD ? Promise.all(waiting.splice(0, 1)) : [];
  }

  /** The results that are still to come. */
  rest(): Promise<PieceSum[]> {
    return Promise.all(this.waiting.splice(0));
  }

  async close(): Promise<void> {
    await Promise.all(this.threads.map(thread => thread.close()));
  }
}

/** A thread, which answers in the order that it is asked. */
class ScoringThread {
  private readonly worker: Worker;
  private readonly asked: { resolve: (sum: PieceSum) => void; reject: (error: Error) => void }[] = [];

  constructor(workerData: ScoringPlan) {
    this.worker = new Worker(new URL('./worker.js', import.meta.url), { workerData });
    this.worker.on('message', (sum: PieceSum) => this.asked.shift()?.resolve(sum));
    const fail = (error: Error): void => this.asked.splice(0).forEach(({ reject }) => reject(error));
    this.worker.on('error', fail);
    this.worker.on('exit', () => fail(new Error('a scoring thread ended unexpectedly')));
  }

  score(piece: Piece): Promise<PieceSum> {
    return new Promise((resolve, reject) => {
      this.asked.push({ resolve, reject });
      this.worker.postMessage(piece, [piece.ids.buffer]);
    });
  }

  async close(): Promise<void> {
    await this.worker.terminate();
  }
}
