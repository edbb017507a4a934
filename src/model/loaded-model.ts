import { availableParallelism } from 'node:os';
import { checkOptions, checkPath } from '../base/check.js';
import { FILE_OPTIONS, type FileOptions } from './api.js';
import { BatchLayout } from '../smoothing/batch.js';
import { MemoryModel } from './memory-model.js';
import { LOADED_BATCH } from './lookup/loaded-table.js';
import { PieceScoring } from './scoring/piece-scoring.js';
import { PieceCutter } from './scoring/pieces.js';
import type { Perplexity, PerplexitySum } from './scoring/perplexity.js';
import { endsOf } from './scoring/score.js';
import { runAtOnce } from './scoring/scorer.js';
import type { ScoringThreads } from './scoring/threads.js';
import { sumFile } from './sum-file.js';

/**
 * A model with its tables whole in memory: everything is answered at once. Made by {@link LanguageModel.load}, and
 * independent of it from then on.
 */
export class LoadedModel extends MemoryModel {
  /** By their number. */
  readonly #threads = new Map<number, Promise<ScoringThreads>>();

  /** As {@link LanguageModel.perplexityOfFile}. */
  async perplexityOfFile(path: string, options: FileOptions = {}): Promise<Perplexity> {
    return (await this.sumOfFile(path, options)).figures();
  }

  /** As {@link perplexityOfFile}, to be added up over files. */
  async sumOfFile(path: string, options: FileOptions = {}): Promise<PerplexitySum> {
    this.checkOpen();
    checkPath('path', path);
    checkOptions('perplexityOfFile', options, FILE_OPTIONS);
    const { order } = this.parts;
    const ends = endsOf(options);
    const layout = new BatchLayout(order, LOADED_BATCH, ends);
    const cache = this.textCache(options);
    if (cache) {
      return sumFile(path, this.words, this.parts, options, (ids, sum) => {
        this.checkOpen();
        runAtOnce(this.addPiece(this.scorer, layout, ids, sum, cache));
        return Promise.resolve();
      });
    }
    const cutter = new PieceCutter(order, ends);
    const threads = options.threads ?? availableParallelism();
    const scoring = new PieceScoring(
      this.scorer,
      layout,
      threads > 1 ? start => this.#threadsOf(threads, start) : undefined,
    );
    const sum = await sumFile(path, this.words, this.parts, options, async ids => {
      this.checkOpen();
      for (const piece of cutter.push(ids)) await scoring.add(piece);
    });
    const rest = cutter.rest();
    if (rest) await scoring.add(rest);
    sum.add(await scoring.end());
    return sum;
  }

  override async close(): Promise<void> {
    await super.close();
    const started = [...this.#threads.values()];
    this.#threads.clear();
    for (const threads of started) await (await threads).close();
  }

  /** So many threads, if they have been started or are to be. */
  #threadsOf(count: number, start: boolean): Promise<ScoringThreads | undefined> {
    let threads = this.#threads.get(count);
    if (!threads && start) {
      threads = import('./scoring/threads.js').then(
        ({ ScoringThreads }) => new ScoringThreads(count, this.plan, this.parts.store.name),
      );
      this.#threads.set(count, threads);
    }
    return threads ?? Promise.resolve(undefined);
  }
}
