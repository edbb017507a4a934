import { AnsweringThreads } from '../../base/node/answering-thread.js';
import { closedError, KneserError, type ErrorCode } from '../../base/errors.js';
import type { Batch } from '../../smoothing/batch.js';
import type { BlockScoringPlan } from './block-scoring.js';
import { divideBatch, type BatchPart } from './divide-batch.js';
import { emptyScores, type BatchScorer, type BatchScores } from './scorer.js';

/** The scores of a batch, in memory that moves from thread to thread. */
export interface MovableScores extends BatchScores {
  readonly log10Probs: Float64Array<ArrayBuffer>;
  readonly matched: Uint8Array<ArrayBuffer>;
}

/** The answer of a thread: the scores of a batch, or the error of the store. */
export type BlockAnswer =
  | { readonly scores: MovableScores; readonly failed?: undefined }
  | { readonly scores?: undefined; readonly failed: { readonly code: ErrorCode; readonly message: string } };

/**
 * A batch is divided among at most as many threads as get this many words each: with fewer words a thread, the threads together would read
 * more blocks than one thread.
 */
const LEAST_PART = 1 << 12;

/** Threads that score batches from blocks, each with files, blocks and working memory of its own. Batches may overlap. */
export class BlockThreads {
  private readonly threads: AnsweringThreads<Batch, BlockAnswer>;

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

  /**
   * Scores a batch, which must not change before the generator has ended, in memory of its own.
   *
   * @param own scores a share of the batch on this thread; `undefined` if this thread has other work.
   * @throws KNESER_DAMAGED, KNESER_IO
   */
  *scoreWith(own: BatchScorer | undefined, batch: Batch): Generator<Promise<void>, BatchScores, void> {
    const scores = emptyScores(batch.length);
    const most = this.count + (own ? 1 : 0);
    const parts = divideBatch(batch, Math.max(1, Math.min(most, Math.floor(batch.length / LEAST_PART))));
    const keep = ({ words }: BatchPart, found: BatchScores): void => {
      for (let i = 0; i < words.length; i++) {
        scores.log10Probs[words[i]] = found.log10Probs[i];
        scores.matched[words[i]] = found.matched[i];
      }
    };
    const others = own ? parts.slice(1) : parts;
    const asked = Promise.all(others.map(async part => keep(part, await this.ask(part.batch))));
    // If this thread fails first, the error of another thread would count as unhandled.
    asked.catch(() => undefined);
    if (own && parts.length > 0) keep(parts[0], yield* own.score(parts[0].batch));
    yield asked.then(() => undefined);
    return scores;
  }

  /** Asks a thread to score a batch, of which it gets a copy. */
  private async ask({ ids, targets, available, oov, length }: Batch): Promise<BatchScores> {
    const used = length > 0 ? targets[length - 1] + 1 : 0;
    const batch = {
      ids: ids.slice(0, used),
      targets: targets.slice(0, length),
      available: available.slice(0, length),
      oov: oov.slice(0, length),
      length,
    };
    const moved = [batch.ids.buffer, batch.targets.buffer, batch.available.buffer, batch.oov.buffer];
    const { scores, failed } = await this.threads.ask(batch, moved);
    if (failed) throw new KneserError(failed.code, failed.message);
    return scores;
  }

  async close(): Promise<void> {
    await this.threads.close(closedError(this.model));
  }
}
