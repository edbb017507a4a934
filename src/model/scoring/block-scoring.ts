import { BatchLayout } from '../../smoothing/batch.js';
import { FIELDS } from '../../smoothing/evidence.js';
import type { TextCache } from '../../smoothing/cache.js';
import type { ModelStore, SharedStore } from '../../store/store.js';
import { TrieReader } from '../../tables/trie-reader.js';
import { trieTables } from '../lookup/trie-tables.js';
import { createEstimator, type SmoothingPlan } from './parts.js';
import { PIECE_WORDS, PieceSum } from './perplexity.js';
import { beginPiece, tokenScores, type Piece, type TokenScores } from './pieces.js';
import { runAwaiting, Scorer, type BatchScorer, type TableStream } from './scorer.js';
import { TrieChainScorer } from './trie-chain-scorer.js';

/** The most words of a batch. A block is read once for each batch that needs it, so that large batches save reads. */
const BLOCK_BATCH = 1 << 20;
/** The most 32-bit numbers of evidence for a batch: with many patterns, batches have fewer words. */
const BATCH_EVIDENCE = 1 << 26;

/** How many tokens a task of sentences should have: more would take much memory, because the caller's sentences wait for their scores. */
export const BLOCK_TASK = 1 << 17;
/** The fewest words that a thread is started for: starting one takes longer than it saves with fewer. */
const LEAST_STRETCH = 1 << 16;

/**
 * How a text is divided among threads that score from blocks: into stretches that are as long as possible, because each stretch reads
 * the blocks that it needs.
 *
 * @param words about how many words the text has.
 * @param batchWords the most words of a batch.
 * @param threads the most threads.
 */
export function divideText(
  words: number,
  batchWords: number,
  threads: number,
): { readonly threads: number; readonly stretchWords: number } {
  const count = Math.max(1, Math.min(threads, Math.ceil(words / LEAST_STRETCH)));
  const most = Math.min(batchWords, Math.max(LEAST_STRETCH, Math.ceil(words / count)));
  return { threads: count, stretchWords: PIECE_WORDS * Math.max(1, Math.ceil(most / PIECE_WORDS)) };
}

/** The data that a thread needs to score from blocks: plain data, except that the threads share the files of the store. */
export interface BlockScoringPlan extends SmoothingPlan {
  readonly store: SharedStore;
  /** The most memory for blocks that are kept [bytes]. */
  readonly blockMemory: number;
}

/** The scorers of one thread, which read the blocks that they need from a store. */
export interface BlockScoring {
  /** The scorer that fills in evidence. */
  readonly byEvidence: Scorer;
  /** The scorer that computes log10 p fastest. */
  readonly scorer: BatchScorer;
  /** The most words of a batch. */
  readonly batchWords: number;
}

/** Makes the scorers of one thread. @param blockMemory the most memory for blocks that are kept [bytes]. */
export function createBlockScoring(store: ModelStore, plan: SmoothingPlan, blockMemory: number): BlockScoring {
  const { words, classes, wordClasses, smoothing } = plan;
  const reader = new TrieReader(store, blockMemory);
  const wordTables = trieTables(reader, words, 0);
  const classStream: TableStream | undefined = wordClasses && {
    tables: trieTables(reader, classes, words.length),
    classOf: wordClasses.of,
  };
  const tables = words.length + classes.length;
  const byEvidence = new Scorer({ tables: wordTables }, classStream, createEstimator(plan), count =>
    smoothing === 'backoff' ? new Float64Array(2 * tables * count) : undefined,
  );
  const { chain } = byEvidence.estimator;
  return {
    byEvidence,
    scorer: chain ? new TrieChainScorer(wordTables, chain) : byEvidence,
    batchWords: Math.min(BLOCK_BATCH, Math.floor(BATCH_EVIDENCE / (tables * FIELDS))),
  };
}

/** Scores pieces of any length in batches that are as large as possible, and adds up their scores. */
export class PieceScorer {
  private layout: BatchLayout | undefined;

  constructor(
    private readonly order: number,
    private readonly scoring: BlockScoring,
  ) {}

  /** Scores a piece that begins with a sentence, token by token. @param cache the text so far; the piece becomes part of it. */
  scoreTokens(piece: Piece, cache?: TextCache): Promise<TokenScores> {
    return runAwaiting(tokenScores(this.scoring.scorer, this.layoutFor(piece), piece, cache));
  }

  /**
   * @param check called after each table; it throws to stop.
   * @returns the sums of each {@link PIECE_WORDS} ids, in the order of the text; the last sum may be of fewer.
   */
  async score(piece: Piece, check?: () => void): Promise<PieceSum[]> {
    const { ids, history } = piece;
    const { scorer } = this.scoring;
    const layout = this.layoutFor(piece);
    beginPiece(layout, piece);
    const sums = [new PieceSum()];
    /** Lengths of the batch at which a sum ends. */
    let bounds: number[] = [];
    for (let i = history; i < ids.length; i++) {
      layout.push(ids[i]);
      const isLast = i + 1 === ids.length;
      if (!isLast && (i + 1 - history) % PIECE_WORDS === 0) bounds.push(layout.batch.length);
      if (!layout.full && !isLast) continue;
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
