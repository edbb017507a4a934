import { EOS } from '../../text/tokens.js';
import { BatchLayout, type SentenceEnds } from '../../smoothing/batch.js';
import type { TextCache } from '../../smoothing/cache/text-cache.js';
import { LOADED_BATCH, loadedTables, type LoadedTable } from '../lookup/loaded-table.js';
import type { TableMemory } from '../lookup/regions.js';
import { createEstimator } from '../../smoothing/index.js';
import type { SmoothingPlan } from './parts.js';
import { PIECE_WORDS, PieceSum } from './perplexity.js';
import { ChainScorer } from './chain-scorer.js';
import { LoadedChain } from './loaded-chain.js';
import { LoadedModelM } from './model-m-tables.js';
import { Scorer, type BatchScorer } from './scorer.js';
import { runAtOnce } from './steps.js';

/** The data that a thread needs to score with tables in memory. Threads share the memory of the tables; all other data is copied. */
export interface ScoringPlan extends SmoothingPlan {
  readonly wordTables: readonly TableMemory[];
  /** The tables of Model M, class step first, with places that count from the first table of words; empty without it. */
  readonly stepTables: readonly TableMemory[];
  /** By clustering. */
  readonly classTables: readonly (readonly TableMemory[])[];
  /** log10 p and log10 of the back-offs of a back-off model: its tables have indices into this array. */
  readonly numbers: Float64Array | undefined;
}

/** The scorers of one thread, with tables in memory and working memory of their own. */
export interface LoadedScoring {
  /** The fastest scorer of this model. */
  readonly scorer: BatchScorer;
  /** The scorer that fills in evidence, which predicting needs. */
  readonly byEvidence: Scorer;
  readonly layout: BatchLayout;
  /** The tables of words. */
  readonly tables: readonly LoadedTable[];
  /**
   * True in models of contiguous n-grams: table k has the contexts of k words, and if the context of the k nearest words was never
   * seen, neither was any longer context.
   */
  readonly hasSuffixContexts: boolean;
}

/** Makes the scorers of one thread. */
export function createLoadedScorer(plan: ScoringPlan): LoadedScoring {
  const { order } = plan;
  const estimator = createEstimator(plan);
  const { chain, classChains } = estimator;
  const { modelM, wordTables, stepTables } = plan;
  const firstWord = wordTables.length + (modelM ? modelM.classTables.length : 0);
  const all = loadedTables([...wordTables, ...stepTables], order, plan.numbers, [0, wordTables.length, firstWord]);
  const words = { tables: all.slice(0, wordTables.length) };
  const clusterings = plan.clusterings.map(({ classes }, m) => {
    const tables = loadedTables(plan.classTables[m], order);
    // Tables above the order of scoring are in the model, but add nothing.
    return { tables, classOf: classes.of, chain: new LoadedChain(tables.slice(0, order), classChains[m]) };
  });
  const steps =
    estimator.modelM &&
    new LoadedModelM(estimator.modelM, all.slice(wordTables.length, firstWord), all.slice(firstWord), order);
  const byEvidence = new Scorer(words, clusterings, estimator, () => plan.numbers, steps);
  return {
    scorer: chain ? new ChainScorer(new LoadedChain(words.tables, chain)) : byEvidence,
    byEvidence,
    layout: new BatchLayout(order, LOADED_BATCH),
    tables: words.tables,
    hasSuffixContexts: chain !== undefined || plan.smoothing === 'backoff',
  };
}

/** A piece of a text, which any thread can score by itself. */
export interface Piece {
  /** The ids of the piece: first `history` ids that are not scored, then the ids that are. */
  readonly ids: Uint32Array;
  /** How many of the first ids are only history: the last words of the previous piece, if that piece ended within a sentence. */
  readonly history: number;
  readonly ends: SentenceEnds;
}

/** Cuts a text into pieces of a number of words, however many words each call of `push` brings. */
export class PieceCutter {
  /** The longest history [words]: order − 1. */
  private readonly longest: number;
  /** The ids of the next piece. */
  private ids: Uint32Array;
  /** How many of `ids` are in use. */
  private length = 0;
  /** How many of `ids` are only history. */
  private history = 0;

  constructor(
    order: number,
    private readonly ends: SentenceEnds,
    private readonly words = PIECE_WORDS,
  ) {
    this.longest = order - 1;
    this.ids = new Uint32Array(words + this.longest);
  }

  /** Takes the next words, and yields the pieces that they complete. */
  *push(ids: Uint32Array): Generator<Piece> {
    for (let from = 0; from < ids.length;) {
      const count = Math.min(ids.length - from, this.words + this.history - this.length);
      this.ids.set(ids.subarray(from, from + count), this.length);
      this.length += count;
      from += count;
      if (this.length === this.words + this.history) yield this.cut();
    }
  }

  /** The last, shorter piece, when the text has ended; `undefined` if there is none. */
  rest(): Piece | undefined {
    return this.length > this.history ? this.cut() : undefined;
  }

  /** Ends the piece, and begins the next one with the history of its first word. */
  private cut(): Piece {
    const { ids, length, history, ends, words } = this;
    this.ids = new Uint32Array(words + this.longest);
    this.history = historyAt(ids, length, this.longest);
    this.ids.set(ids.subarray(length - this.history, length));
    this.length = this.history;
    return { ids: ids.subarray(0, length), history, ends };
  }
}

/** How many ids before `ids[at]` are its history: at most `longest` ids, all in the same sentence. */
function historyAt(ids: Uint32Array, at: number, longest: number): number {
  let from = at;
  while (from > 0 && at - from < longest && ids[from - 1] !== EOS) from--;
  return at - from;
}

/** The scores of a piece's tokens: entry t belongs to the t-th id that is scored. */
export interface TokenScores {
  readonly log10Probs: Float64Array;
  readonly matched: Uint8Array;
  /** 1 for a token outside the vocabulary. */
  readonly oov: Uint8Array;
}

/** The sums over stretches of a piece: entry d belongs to stretch d. */
export interface StretchSums {
  /** How many tokens are outside the vocabulary. */
  readonly oov: Uint32Array;
  /** Σ log10 p of the tokens in the vocabulary. */
  readonly knownLog10Prob: Float64Array;
  /** Σ log10 p of the tokens outside the vocabulary. */
  readonly oovLog10Prob: Float64Array;
  /** Σ of the lengths of the n-grams that were found [tokens]. */
  readonly matched: Float64Array;
}

/** Adds up scores. @param ends the end of each stretch, ascending; the first begins at token 0. */
export function sumStretches({ log10Probs, matched, oov }: TokenScores, ends: Uint32Array): StretchSums {
  const sums = {
    oov: new Uint32Array(ends.length),
    knownLog10Prob: new Float64Array(ends.length),
    oovLog10Prob: new Float64Array(ends.length),
    matched: new Float64Array(ends.length),
  };
  let t = 0;
  for (let d = 0; d < ends.length; d++) {
    const end = ends[d];
    let unknown = 0;
    let known = 0;
    let outside = 0;
    let lengths = 0;
    for (; t < end; t++) {
      lengths += matched[t];
      if (oov[t] === 1) {
        unknown++;
        outside += log10Probs[t];
      } else {
        known += log10Probs[t];
      }
    }
    sums.oov[d] = unknown;
    sums.knownLog10Prob[d] = known;
    sums.oovLog10Prob[d] = outside;
    sums.matched[d] = lengths;
  }
  return sums;
}

/** A request to a thread: the sum of a piece, with `byToken` its {@link TokenScores}, or with `ends` the sums of its stretches. */
export interface ScoringTask {
  readonly piece: Piece;
  readonly byToken: boolean;
  readonly ends?: Uint32Array;
}

/** Scores a piece that begins with a sentence, token by token, with tables in memory. */
export function scoreTokens(scorer: BatchScorer, layout: BatchLayout, piece: Piece): TokenScores {
  return runAtOnce(tokenScores(scorer, layout, piece));
}

/**
 * Scores a piece that begins with a sentence, token by token.
 *
 * @param cache the text so far; the piece becomes part of it.
 */
export function* tokenScores(
  scorer: BatchScorer,
  layout: BatchLayout,
  { ids, ends }: Piece,
  cache?: TextCache,
): Generator<Promise<void>, TokenScores, void> {
  layout.reset(ends);
  const log10Probs = new Float64Array(ids.length);
  const matched = new Uint8Array(ids.length);
  const oov = new Uint8Array(ids.length);
  const { batch } = layout;
  let done = 0;
  for (let from = 0; from < ids.length;) {
    from = layout.fill(ids, from);
    const scores = yield* scorer.score(batch, cache);
    log10Probs.set(scores.log10Probs.subarray(0, batch.length), done);
    matched.set(scores.matched.subarray(0, batch.length), done);
    oov.set(batch.oov.subarray(0, batch.length), done);
    done += batch.length;
    layout.clear();
  }
  return { log10Probs, matched, oov };
}

/** Empties a layout, and lays out the history of a piece. */
export function beginPiece(layout: BatchLayout, { ids, history, ends }: Piece): void {
  layout.reset(ends);
  if (history === 0) return;
  // This `<s>` counts only if the history is shorter than order − 1 words, which means that it begins with the sentence.
  layout.begin(ends.start);
  for (let i = 0; i < history; i++) layout.pushHistory(ids[i]);
}

/** Scores a piece with tables in memory. */
export function scorePiece(scorer: BatchScorer, layout: BatchLayout, piece: Piece): PieceSum {
  const { ids, history } = piece;
  beginPiece(layout, piece);
  const sum = new PieceSum();
  for (let from = history; from < ids.length;) {
    from = layout.fill(ids, from);
    const { log10Probs } = runAtOnce(scorer.score(layout.batch));
    sum.addWords(log10Probs, layout.batch.oov, 0, layout.batch.length);
    layout.clear();
  }
  return sum;
}
