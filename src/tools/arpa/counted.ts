import type { TableCursor } from '../../tables/cursor.js';
import { openCursor, openCursors } from '../../tables/open-cursor.js';
import { walk } from '../../tables/walk.js';
import type { Batch } from '../../smoothing/batch.js';
import { COUNT, Evidence, FOLLOWERS, ONES, PRUNED, TOTAL, TWOS } from '../../smoothing/evidence.js';
import type { ModelParts } from '../../model/scoring/parts.js';
import { estimateDiscounts } from '../../smoothing/discounts.js';
import { latticeOf } from '../../smoothing/lattice.js';
import { Mixture } from '../../smoothing/mixture.js';
import { wordIds } from '../../tables/manifest.js';
import { BOS, NONE } from '../../text/tokens.js';
import { LOG10_ZERO, rounded } from './format.js';
import type { BackoffSource, VisitContext } from './source.js';

/**
 * Modified Kneser-Ney in back-off form (Chen & Goodman 1998): each n-gram of the model has its interpolated p(w|h), each context
 * the back-off γ(h). The {@link Mixture} that computes scores computes both.
 */
export class CountedSource implements BackoffSource {
  private readonly mixture: Mixture;
  private readonly evidence: Evidence;
  private readonly batch: Batch;
  /** By level and word id: the count of the word after the context that was entered last at this level. */
  private readonly counts: readonly Uint32Array[];
  /** log10 p of the followers of the context that is visited, by cursor entry. */
  private log10Probs = new Float64Array(1024);

  /**
   * @param parts the parts of a model with modified Kneser-Ney smoothing.
   * @param onRows called with the number of rows that were just read.
   */
  constructor(
    private readonly parts: ModelParts,
    private readonly onRows: (rows: number) => void,
  ) {
    const { words, manifest } = parts;
    this.mixture = new Mixture(latticeOf(words, manifest.vocabulary, estimateDiscounts));
    this.evidence = new Evidence(words.length, 1);
    this.batch = {
      ids: new Uint32Array(1),
      targets: new Uint32Array(1),
      available: new Uint8Array(1),
      oov: new Uint8Array(1),
      length: 1,
    };
    this.counts = words.map(() => new Uint32Array(wordIds(manifest)));
  }

  open(level: number): Promise<TableCursor> {
    const { store, words } = this.parts;
    return openCursor(store, words[level].manifest.pattern, level, this.onRows);
  }

  async unigrams(): Promise<Float64Array> {
    this.enter(0, await this.open(0));
    const [counts] = this.counts;
    const log10Probs = Float64Array.from(counts, count => this.log10Prob(0, count));
    log10Probs[NONE] = NaN;
    log10Probs[BOS] = LOG10_ZERO;
    return log10Probs;
  }

  backoff(level: number, cursor: TableCursor): number {
    this.enter(level, cursor);
    this.log10Prob(level, 0);
    return rounded(Math.log10(this.mixture.gammas[level]));
  }

  async visit(level: number, visit: VisitContext): Promise<void> {
    const { store, words: tables } = this.parts;
    const names = tables.slice(0, level + 1).map(({ manifest }) => manifest.pattern);
    const cursors = await openCursors(store, names, this.onRows);
    const { counts, evidence } = this;
    await walk(cursors, {
      open: (at, cursor) => this.enter(at, cursor),
      close: (at, cursor) => {
        if (at < level) return;
        const { words, from, to } = cursor;
        if (this.log10Probs.length < to) this.log10Probs = new Float64Array(2 * to);
        for (let i = from; i < to; i++) {
          // A follower of a context also follows its shorter contexts, which are open now, so `counts` has its counts there.
          for (let k = 0; k < level; k++) evidence.data[evidence.at(0, k) + COUNT] = counts[k][words[i]];
          this.log10Probs[i] = this.log10Prob(level, cursor.counts[i]);
        }
        return visit(cursor, this.log10Probs);
      },
    });
  }

  /** Stores the counts and totals of a context in `counts` and in the evidence. */
  private enter(level: number, { words, counts, from, to, pruned }: TableCursor): void {
    const { data } = this.evidence;
    const countOf = this.counts[level];
    let total = pruned;
    let ones = 0;
    let twos = 0;
    for (let i = from; i < to; i++) {
      const count = counts[i];
      countOf[words[i]] = count;
      total += count;
      if (count === 1) ones++;
      else if (count === 2) twos++;
    }
    const at = this.evidence.at(0, level);
    data[at + TOTAL] = total;
    data[at + ONES] = ones;
    data[at + TWOS] = twos;
    data[at + FOLLOWERS] = to - from;
    data[at + PRUNED] = pruned;
  }

  /** log10 p of a word that has this count after the context of `level`. Its counts after the shorter contexts are in `evidence`. */
  private log10Prob(level: number, count: number): number {
    const { evidence, batch, mixture } = this;
    evidence.data[evidence.at(0, level) + COUNT] = count;
    batch.available[0] = level;
    return rounded(Math.log10(mixture.probability(evidence, batch, 0)));
  }
}
