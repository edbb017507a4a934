import type { BatchLayout } from '../../smoothing/batch.js';
import { PerplexitySum, type PieceSum } from './perplexity.js';
import { scorePiece, type Piece } from './pieces.js';
import type { BatchScorer } from './scorer.js';
import type { ScoringThreads } from './threads.js';

/** Pieces of a text that are scored before it is worth while to start threads. */
export const FIRST_PIECES = 8;
/** Pieces that may wait for each thread: so that none is ever idle, and a text is not read much faster than scored. */
export const PIECES_A_THREAD = 3;

/** Scores the pieces of a text: the first on this thread, the others, should there be more, on several. */
export class PieceScoring {
  private readonly sum = new PerplexitySum();
  private readonly waiting: Promise<PieceSum>[] = [];
  private pieces = 0;

  /** @param threads gives the threads, or those that have been started if there are any; `undefined` for this one only. */
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
    // It is looked at when it is due; until then a failure is not unhandled.
    scored.catch(() => undefined);
    this.waiting.push(scored);
    if (this.waiting.length > threads.count * PIECES_A_THREAD) await this.addNext();
  }

  /** The sum of all pieces, when the last has been added. */
  async end(): Promise<PerplexitySum> {
    while (this.waiting.length > 0) await this.addNext();
    return this.sum;
  }

  /** Sums are added in the order of their pieces. */
  private async addNext(): Promise<void> {
    const next = await this.waiting.shift();
    if (next) this.sum.addPiece(next);
  }
}
