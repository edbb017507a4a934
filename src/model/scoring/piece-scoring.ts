import type { BatchLayout } from '../../smoothing/batch.js';
import { PerplexitySum, type PieceSum } from './perplexity.js';
import { scorePiece, type Piece } from './pieces.js';
import type { BatchScorer } from './scorer.js';
import type { ScoringThreads } from './threads.js';

/** Threads are started after this many pieces of a text: for a shorter text, starting them takes longer than they save. */
export const FIRST_PIECES = 8;
/** How many pieces may wait, for each thread: enough that no thread is idle, and few enough that the waiting text takes little memory. */
export const PIECES_A_THREAD = 3;

/** Scores the pieces of a text: the first {@link FIRST_PIECES} on this thread, all others on several threads. */
export class PieceScoring {
  private readonly sum = new PerplexitySum();
  private readonly waiting: Promise<PieceSum>[] = [];
  private pieces = 0;

  /** @param threads called with true, it starts and returns the threads; with false, it returns the threads if they were started. If `undefined`, this thread scores all pieces. */
  constructor(
    private readonly scorer: BatchScorer,
    private readonly layout: BatchLayout,
    private readonly threads: ((start: boolean) => Promise<ScoringThreads | undefined>) | undefined,
  ) {}

  /** Scores the next piece, or gives it to a thread. */
  async add(piece: Piece): Promise<void> {
    const threads = await this.threads?.(this.pieces++ >= FIRST_PIECES);
    if (!threads) {
      this.sum.addPiece(scorePiece(this.scorer, this.layout, piece));
      return;
    }
    const scored = threads.score(piece);
    // The promise is awaited later; without this, an earlier failure would count as unhandled.
    scored.catch(() => undefined);
    this.waiting.push(scored);
    if (this.waiting.length > threads.count * PIECES_A_THREAD) await this.addNext();
  }

  /** Waits for all pieces. @returns their sum. */
  async end(): Promise<PerplexitySum> {
    while (this.waiting.length > 0) await this.addNext();
    return this.sum;
  }

  /** Waits for the first of the waiting pieces, and adds its sum: sums are added in the order of the text. */
  private async addNext(): Promise<void> {
    const next = await this.waiting.shift();
    if (next) this.sum.addPiece(next);
  }
}
