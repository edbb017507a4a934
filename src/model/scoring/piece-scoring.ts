import type { BatchLayout } from '../../smoothing/batch.js';
import { PerplexitySum, type PieceSum } from './perplexity.js';
import { scorePiece, type Piece } from './pieces.js';
import type { BatchScorer } from './scorer.js';
import type { ScoringThreads } from './threads.js';

/** How many pieces of a text are scored before threads are started: they are not worth their start for a shorter text. */
export const FIRST_PIECES = 8;
/** How many pieces may wait for each thread: no thread is idle, and the text is not read much faster than it is scored. */
export const PIECES_A_THREAD = 3;

/** Scores the pieces of a text: the first {@link FIRST_PIECES} on this thread, all others on several threads. */
export class PieceScoring {
  private readonly sum = new PerplexitySum();
  private readonly waiting: Promise<PieceSum>[] = [];
  private pieces = 0;

  /** @param threads called with true, starts and returns the threads; with false, returns them if they were started. `undefined`: this thread only. */
  constructor(
    private readonly scorer: BatchScorer,
    private readonly layout: BatchLayout,
    private readonly threads: ((start: boolean) => Promise<ScoringThreads | undefined>) | undefined,
  ) {}

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

  /** Adds the sum of the next piece: sums are added in the order of their pieces. */
  private async addNext(): Promise<void> {
    const next = await this.waiting.shift();
    if (next) this.sum.addPiece(next);
  }
}
