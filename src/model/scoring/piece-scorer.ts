import { BatchLayout } from '../../smoothing/batch.js';
import type { TextCache } from '../../smoothing/cache/text-cache.js';
import type { BlockScoring } from './block-scoring.js';
import type { GroupLimits } from './in-groups.js';
import { PIECE_WORDS, PieceSum } from './perplexity.js';
import { beginPiece, tokenScores, type Piece, type TokenScores } from './pieces.js';
import { runAwaiting } from './steps.js';

/** How many tokens a task of sentences should have. More tokens would take much memory, because sentences wait in memory for their scores. */
export const BLOCK_TASK = 1 << 18;
/** Tasks of a text from a pipe, whose sentences wait as ids. They are large, because a block is read once for each task that needs it; all threads share one. */
export const PIPE_TASKS: GroupLimits = { count: 1, mostTasks: 1, taskTokens: 1 << 21 };
/** Tasks of a file: none begins before it is full. */
export const FILE_TASKS: GroupLimits = { count: 0, mostTasks: 1, taskTokens: 1 << 22 };
/** The number of words for which a thread is started: for far fewer words, starting the thread takes as long as it saves (measured). */
export const WORDS_A_THREAD = 1 << 18;

/** `words` rounded down to a multiple of {@link PIECE_WORDS}; at least one piece. */
export function wholePieces(words: number): number {
  return PIECE_WORDS * Math.max(1, Math.floor(words / PIECE_WORDS));
}

/** How many threads are worth their start for a text of about this many words. @param most the most threads. */
export function threadsFor(words: number, most: number): number {
  return Math.max(1, Math.min(most, Math.ceil(words / WORDS_A_THREAD)));
}

/** Scores pieces of any length in batches that are as large as possible, and adds up their scores. */
export class PieceScorer {
  private layout: BatchLayout | undefined;

  /** @param scoring the scorer, and the most words of a batch. */
  constructor(
    private readonly order: number,
    private readonly scoring: Pick<BlockScoring, 'scorer' | 'batchWords'>,
  ) {}

  /** Scores a piece that begins with a sentence, token by token. @param cache the text so far; the piece becomes part of it. */
  scoreTokens(piece: Piece, cache?: TextCache): Promise<TokenScores> {
    return runAwaiting(tokenScores(this.scoring.scorer, this.layoutFor(piece), piece, cache));
  }

  /**
   * Scores a piece, and adds up its scores.
   *
   * @param check called after each table; it throws to stop.
   * @returns the sums of each {@link PIECE_WORDS} ids, in the order of the text; the last sum may be of fewer.
   */
  async score(piece: Piece, check?: () => void): Promise<PieceSum[]> {
    const { ids, history } = piece;
    const { scorer } = this.scoring;
    const layout = this.layoutFor(piece);
    beginPiece(layout, piece);
    const sums = [new PieceSum()];
    // The lengths of the batch at which one sum ends and the next begins.
    let bounds: number[] = [];
    for (let at = history, end = history; at < ids.length;) {
      if (at === end) end = Math.min(ids.length, end + PIECE_WORDS);
      at = layout.fill(ids, at, end);
      if (at === end && end < ids.length) bounds.push(layout.batch.length);
      if (!layout.full && at < ids.length) continue;
      const { log10Probs } = await runAwaiting(scorer.score(layout.batch), check);
      const { oov, length } = layout.batch;
      let from = 0;
      for (const bound of bounds) {
        sums[sums.length - 1].addWords(log10Probs, oov, from, bound);
        sums.push(new PieceSum());
        from = bound;
      }
      sums[sums.length - 1].addWords(log10Probs, oov, from, length);
      bounds = [];
      layout.clear();
    }
    return sums;
  }

  /** A layout with room for a piece, or for a full batch. */
  private layoutFor({ ids }: Piece): BatchLayout {
    const capacity = Math.min(this.scoring.batchWords, ids.length);
    if (!this.layout || this.layout.batch.targets.length < capacity)
      this.layout = new BatchLayout(this.order, capacity);
    return this.layout;
  }
}
