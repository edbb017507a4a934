import { AnsweringThreads } from '../../base/node/answering-thread.js';
import { closedError, KneserError, type ErrorCode } from '../../base/errors.js';
import { BatchLayout, type Batch } from '../../smoothing/batch.js';
import type { BlockScoringPlan } from './block-scoring.js';
import { DividedBatch, putScores } from './divide-batch.js';
import { emptyScores, type BatchScorer, type BatchScores } from './scorer.js';

/** A question to a thread: a batch, which it scores so many times. */
export interface BlockQuestion {
  readonly batch: Batch;
  readonly times: number;
}

/** The answer of a thread: the scores of a batch, or the error of the store. */
export type BlockAnswer =
  | { readonly scores: BatchScores; readonly failed?: undefined }
  | { readonly scores?: undefined; readonly failed: { readonly code: ErrorCode; readonly message: string } };

/**
 * The fewest words of a batch for which a thread is used: if each thread had fewer words, the threads together would read more blocks than
 * one thread.
 */
const LEAST_PART = 1 << 12;
/** How many words of a text warm a thread up, and how many times it scores them: V8 has compiled nearly all functions then. */
const WARMING_WORDS = 200;
const WARMING_TIMES = 60;
/** How many parts each thread is given at a time, so that it does not wait while this thread is busy. */
const PARTS_A_THREAD = 2;

/**
 * Threads that score batches from blocks: the threads of a `LanguageModel`. Each has files, blocks and working memory of its own. A batch is
 * divided among the threads; the next batch may begin before it is scored.
 */
export class BlockThreads {
  private readonly threads: AnsweringThreads<BlockQuestion, BlockAnswer>;
  /** Whether the threads have scored nothing yet. */
  private isCold = true;

  /** @param model the name of the model, for messages. */
  constructor(
    count: number,
    private readonly plan: BlockScoringPlan,
    private readonly model: string,
  ) {
    this.threads = new AnsweringThreads(count, new URL('./block-worker.js', import.meta.url), plan, 'scoring');
  }

  get count(): number {
    return this.threads.count;
  }

  /**
   * Scores a batch, which must not change before the generator has ended, in memory of its own.
   *
   * @param own scores a share of the batch on this thread; `undefined` if this thread has other work.
   * @param partWords as in `BlockScoring`.
   * @throws KNESER_DAMAGED, KNESER_IO
   */
  *scoreWith(
    own: BatchScorer | undefined,
    batch: Batch,
    partWords: number,
  ): Generator<Promise<void>, BatchScores, void> {
    this.isCold = false;
    const { length } = batch;
    const scores = emptyScores(length);
    const scorers = this.count + (own ? 1 : 0);
    const wanted = partWords === 0 ? scorers : Math.max(scorers, Math.ceil(length / partWords));
    const parts = new DividedBatch(
      batch,
      this.plan.order,
      Math.max(1, Math.min(wanted, Math.floor(length / LEAST_PART))),
    );
    // A thread that has scored a part takes the next one.
    let next = 0;
    const first = own ? next++ : parts.count;
    const scoreOthers = async (): Promise<void> => {
      while (next < parts.count) {
        const part = next++;
        putScores(parts.words(part), await this.ask(parts.batch(part)), scores);
      }
    };
    const asked = Promise.all(Array.from({ length: PARTS_A_THREAD * this.count }, scoreOthers));
    // If this thread fails first, the error of another thread would count as unhandled.
    asked.catch(() => undefined);
    for (let part = first; own && part < parts.count; part = next++) {
      putScores(parts.words(part), yield* own.score(parts.batch(part)), scores);
    }
    yield asked.then(() => undefined);
    return scores;
  }

  /**
   * Lets threads that have scored nothing yet score the first words of a text many times, while this thread reads the text: V8 compiles their functions, which would take
   * half of the time of the first parts.
   *
   * @param ids the first ids of the text.
   */
  warm(ids: Uint32Array): void {
    if (!this.isCold) return;
    this.isCold = false;
    const layout = new BatchLayout(this.plan.order, WARMING_WORDS);
    layout.fill(ids, 0);
    const { batch } = layout;
    // An error is told with the scores of the text.
    for (let thread = 0; thread < this.count; thread++) {
      this.threads.ask({ batch, times: WARMING_TIMES }).catch(() => undefined);
    }
  }

  /** Asks a thread to score a batch. */
  private async ask(batch: Batch): Promise<BatchScores> {
    const { scores, failed } = await this.threads.ask({ batch, times: 1 });
    if (failed) throw new KneserError(failed.code, failed.message);
    return scores;
  }

  async close(): Promise<void> {
    await this.threads.close(closedError(this.model));
  }
}
