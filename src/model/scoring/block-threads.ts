import { AnsweringThreads } from '../../base/node/answering-thread.js';
import { closedError, KneserError, type ErrorCode } from '../../base/errors.js';
import type { BlockScoringPlan } from './block-scoring.js';
import { BLOCK_TASK } from './piece-scorer.js';
import type { PieceSum } from './perplexity.js';
import type { Piece, ScoringTask, TokenScores } from './pieces.js';
import type { TaskScorer } from './sentence-scoring.js';

/** The answer of a thread: the sums or the scores of a piece, or the error of the store. */
export type BlockAnswer =
  | { readonly result: PieceSum[] | TokenScores; readonly failed?: undefined }
  | { readonly result?: undefined; readonly failed: { readonly code: ErrorCode; readonly message: string } };

/** Threads that score pieces of texts from blocks, each with files, blocks and working memory of its own. */
export class BlockThreads implements TaskScorer {
  readonly taskTokens = BLOCK_TASK;
  private readonly threads: AnsweringThreads<ScoringTask, BlockAnswer>;

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

  get mostTasks(): number {
    return this.count + 1;
  }

  /** Gives a piece to the next thread. @returns the sums of each {@link PIECE_WORDS} ids. @throws KNESER_DAMAGED, KNESER_IO */
  score(piece: Piece): Promise<PieceSum[]> {
    return this.ask({ piece, byToken: false }) as Promise<PieceSum[]>;
  }

  /** Gives a piece that begins with a sentence to the next thread, which scores it token by token. @throws KNESER_DAMAGED, KNESER_IO */
  scoreTokens(piece: Piece): Promise<TokenScores> {
    return this.ask({ piece, byToken: true }) as Promise<TokenScores>;
  }

  private async ask(task: ScoringTask): Promise<PieceSum[] | TokenScores> {
    const answer = await this.threads.ask(task, [task.piece.ids.buffer]);
    if (answer.failed) throw new KneserError(answer.failed.code, answer.failed.message);
    return answer.result;
  }

  async close(): Promise<void> {
    await this.threads.close(closedError(this.model));
  }
}
