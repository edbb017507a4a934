import { AnsweringThreads } from '../../base/node/answering-thread.js';
import { closedError } from '../../base/errors.js';
import type { Piece, ScoringPlan, ScoringTask, StretchSums, TokenScores } from './pieces.js';
import type { PieceSum } from './perplexity.js';
import type { TaskScorer } from './sentence-scoring.js';

/**
 * Threads that score pieces of texts with tables in shared memory: the threads of a `LoadedModel`. They stay for the next text, and do not
 * keep the process alive. The threads of a `LanguageModel`, which reads blocks, are `BlockThreads`: they divide one batch among them.
 */
export class LoadedThreads implements TaskScorer {
  /** As in {@link TaskScorer}. */
  readonly taskTokens = 1 << 13;
  private readonly threads: AnsweringThreads<ScoringTask, unknown>;

  /** @param model the name of the model, for messages. */
  constructor(
    count: number,
    plan: ScoringPlan,
    private readonly model: string,
  ) {
    this.threads = new AnsweringThreads(count, new URL('./loaded-worker.js', import.meta.url), plan, 'scoring');
  }

  get count(): number {
    return this.threads.count;
  }

  get mostTasks(): number {
    return 3 * this.count;
  }

  /** Gives a piece to the next thread, which adds up the scores of the piece. */
  score(piece: Piece): Promise<PieceSum> {
    return this.ask({ piece, byToken: false }) as Promise<PieceSum>;
  }

  /** Gives a piece that begins with a sentence to the next thread, which scores it token by token. */
  scoreTokens(piece: Piece): Promise<TokenScores> {
    return this.ask({ piece, byToken: true }) as Promise<TokenScores>;
  }

  /** As {@link scoreTokens}, but the thread adds up the scores of each stretch of the piece. @param ends as for `sumStretches`. */
  sumStretches(piece: Piece, ends: Uint32Array): Promise<StretchSums> {
    return this.ask({ piece, byToken: true, ends }) as Promise<StretchSums>;
  }

  private ask(task: ScoringTask): Promise<unknown> {
    return this.threads.ask(task);
  }

  async close(): Promise<void> {
    await this.threads.close(closedError(this.model));
  }
}
