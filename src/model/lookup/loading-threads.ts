import { AnsweringThreads } from '../../base/node/answering-thread.js';
import { closedError, KneserError, type ErrorCode } from '../../base/errors.js';
import type { SharedStore } from '../../store/store.js';
import type { LoadingResult, LoadingTask } from './loading-task.js';
import type { LoadingRunner } from './table-loader.js';

/** The answer of a thread: the result of a task, or the error of the model. */
export type LoadingAnswer =
  | { readonly result: LoadingResult; readonly failed?: undefined }
  | { readonly result?: undefined; readonly failed: { readonly code: ErrorCode; readonly message: string } };

/** Threads that load tables into memory that they share. Each reads the blocks of its tasks itself. */
export class LoadingThreads implements LoadingRunner {
  private readonly threads: AnsweringThreads<LoadingTask, LoadingAnswer>;

  /**
   * @param store the store of the tables, whose files each thread reads.
   * @param model the name of the model, for messages.
   * @param blocks as `LoadingRunner` has it.
   */
  constructor(
    readonly count: number,
    store: SharedStore,
    private readonly model: string,
    readonly blocks?: number,
  ) {
    this.threads = new AnsweringThreads(count, new URL('./loading-worker.js', import.meta.url), store, 'loading');
  }

  async run(task: LoadingTask): Promise<LoadingResult> {
    const answer = await this.threads.ask(task);
    if (answer.failed) throw new KneserError(answer.failed.code, answer.failed.message);
    return answer.result;
  }

  async close(): Promise<void> {
    await this.threads.close(closedError(this.model));
  }
}
