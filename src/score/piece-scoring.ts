import type { BatchLayout } from './batch.js';
import type { ScoringPlan } from './loaded-scorer.js';
import type { PerplexitySum, PieceSum } from './perplexity.js';
import { scorePiece, type Piece } from './pieces.js';
import type { Scorer } from './scorer.js';
import type { ScoringThreads } from './threads.js';

/** Pieces of a text that are scored before it is worth while to start threads. */
const FIRST_PIECES = 8;

/** Scores the pieces of a text: the first on this thread, the others, should there be more, on several. */
export class PieceScoring {
  private readonly sums: PieceSum[] = [];
  private pieces = 0;
  private pool: ScoringThreads | undefined;

  constructor(
    private readonly plan: ScoringPlan,
    private readonly scorer: Scorer,
    private readonly layout: BatchLayout,
    private readonly threads: number,
  ) {}

  async add(piece: Piece): Promise<void> {
    if (this.threads === 1 || this.pieces++ < FIRST_PIECES) {
      this.sums.push(scorePiece(this.scorer, this.layout, piece));
      return;
    }
    this.pool ??= new (await import('./threads.js')).ScoringThreads(this.threads, this.plan);
    this.sums.push(...(await this.pool.add(piece)));
  }

  /** Adds up all pieces, in their order, when the last has been added. */
  async addTo(sum: PerplexitySum): Promise<void> {
    if (this.pool) this.sums.push(...(await this.pool.rest()));
    for (const piece of this.sums) sum.addPiece(piece);
  }

  async close(): Promise<void> {
    await this.pool?.close();
  }
}
