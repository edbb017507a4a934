import { InOrder } from '../../base/in-order.js';
import type { BatchLayout } from '../../smoothing/batch.js';
import { PerplexitySum, type PieceSum } from './perplexity.js';
import { scorePiece, type Piece } from './pieces.js';
import type { BatchScorer } from './scorer.js';
import type { LoadedThreads } from './loaded-threads.js';

/** Threads are started after this many pieces of a text: for a shorter text, starting them takes longer than they save. */
export const FIRST_PIECES = 8;
/** How many pieces may wait, for each thread: enough that no thread is idle, and few enough that the waiting text takes little memory. */
export const PIECES_A_THREAD = 3;

/** Scores the pieces of a text: the first {@link FIRST_PIECES} on this thread, all others on several threads. */
export class PieceScoring {
  private readonly sum = new PerplexitySum();
  /** Takes the sums of the pieces that threads score, in the order of the text. */
  private scored: InOrder<PieceSum> | undefined;
  /** Number of pieces so far. */
  private pieces = 0;

  /**
   * @param threads called with true, it starts and returns the threads; with false, it returns the threads if they were started. If
   * `undefined`, this thread scores all pieces.
   */
  constructor(
    private readonly scorer: BatchScorer,
    private readonly layout: BatchLayout,
    private readonly threads: ((start: boolean) => Promise<LoadedThreads | undefined>) | undefined,
  ) {}

  /** Scores the next piece, or gives it to a thread. */
  async add(piece: Piece): Promise<void> {
    const threads = await this.threads?.(this.pieces++ >= FIRST_PIECES);
    if (!threads) {
      this.sum.addPiece(scorePiece(this.scorer, this.layout, piece));
      return;
    }
    this.scored ??= new InOrder(threads.count * PIECES_A_THREAD, sum => this.sum.addPiece(sum));
    await this.scored.push(threads.score(piece));
  }

  /** Waits for all pieces. @returns their sum. */
  async end(): Promise<PerplexitySum> {
    await this.scored?.end();
    return this.sum;
  }
}
