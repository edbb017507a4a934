import { AnsweringThreads } from '../../base/node/answering-thread.js';
import { closedError, KneserError, type ErrorCode } from '../../base/errors.js';
import type { BlockScoringPlan } from './block-scoring.js';
import type { PieceSum } from './perplexity.js';
import type { Piece } from './pieces.js';

/** The answer of a thread: the sums of a piece, or the error of the store. */
export type BlockAnswer =
  | { readonly sums: PieceSum[]; readonly failed?: undefined }
  | { readonly failed: { readonly code: ErrorCode; readonly message: string } };

/** Threads that score pieces of texts from blocks, each with files, blocks and working memory of its own. */
export class BlockThreads {
  private readonly threads: AnsweringThreads<Piece, BlockAnswer>;

  /** @param model the name of the model, for messages. */
  constructor(
    count: number,
    plan: BlockScoringPlan,
    private readonly model: string,
  ) {
    this.threads = new AnsweringThreads(count, new URL('./block-worker.js', import.meta.url), plan, 'scoring');
  }

  get count(): number {
    return this.threads.count;
  }

  /** Gives a piece to the next thread. @returns the sums of each {@link PIECE_WORDS} ids. @throws KNESER_DAMAGED, KNESER_IO */
  async score(piece: Piece): Promise<PieceSum[]> {
    const answer = await this.threads.ask(piece, [piece.ids.buffer]);
    if (answer.failed) throw new KneserError(answer.failed.code, answer.failed.message);
    return answer.sums;
  }

  async close(): Promise<void> {
    await this.threads.close(closedError(this.model));
  }
}
