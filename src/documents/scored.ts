import { inGroups, type GroupLimits } from '../model/scoring/in-groups.js';
import type { TokenSpreads } from '../model/prediction/token-spreads.js';
import { sumStretches, type StretchSums, type TokenScores } from '../model/scoring/pieces.js';
import type { TokenSums } from '../model/scoring/perplexity.js';
import type { TokenScoring } from '../model/token-scoring.js';
import { inTextOrder } from '../text/word-order.js';
import type { DocumentScoring } from './document-scoring.js';
import {
  DocumentTokenizer,
  joinDocuments,
  type DocumentIds,
  type Scorable,
  type TokenizedDocuments,
} from './tokenized.js';

/** The most tokens of a task that returns scores by token: these scores, and the tokens as strings, wait in memory. */
const BY_TOKEN = 1 << 20;
/** Tokens of a task that computes distributions, each of which takes a hundred times as long as a score. */
const SPREAD_WORDS = 256;

/** The sums over the tokens of a document. */
export interface DocumentSums extends TokenSums {
  /** Σ of the lengths of the n-grams that the model found [tokens]. */
  readonly matched: number;
}

/** A document with its scores. */
export interface ScoredDocument<D> {
  readonly document: D;
  readonly sentences: number;
  /** Length of its text in UTF-8, with the line end after its last line [bytes]. */
  readonly bytes: number;
  /** Σ log10 of the probability that an unknown word is spelled as each OOV of its text is, under the model. */
  readonly spellingLog10Prob: number;
  /** The sums over its tokens under the model. */
  readonly sum: DocumentSums;
  /** The sums over its tokens under the model with which it is compared. It has as many tokens there, unless only one of the models leaves out blank lines. */
  readonly againstSum: DocumentSums | undefined;
  /** Its tokens; `undefined` unless `DocumentScoring.byToken` is true. */
  readonly byToken: ScoredTokens | undefined;
}

/** The tokens of a document, and the scores of each. */
export interface ScoredTokens {
  readonly scores: TokenScores;
  /** By token, its id in the model. */
  readonly ids: Uint32Array;
  /** By token, figures of the distribution after its history; `undefined` unless `DocumentScoring.spreads` is true. */
  readonly spreads: TokenSpreads | undefined;
  /** By token, the token as the model reads it; `undefined` unless `DocumentScoring.texts` is true. */
  readonly texts: readonly string[] | undefined;
}

/** Documents that were scored together, in sequence. An object for each of them is made only when it is asked for. */
export class ScoredDocuments<D> implements Iterable<ScoredDocument<D>> {
  /** By document, its place among those that are compared with the same model; empty without such models. */
  private readonly placesInOthers: readonly number[];

  /**
   * @param tokenized the documents.
   * @param sums the sums under the model, by document.
   * @param others by model of `DocumentScoring.against`, the sums of the documents that are compared with it.
   * @param tokensOf the tokens of a document; `undefined` unless `DocumentScoring.byToken` is true.
   */
  constructor(
    private readonly tokenized: TokenizedDocuments<D>,
    private readonly sums: SumsByDocument,
    private readonly others: readonly SumsByDocument[],
    private readonly tokensOf?: (d: number) => ScoredTokens,
  ) {
    const counts = others.map(() => 0);
    this.placesInOthers = tokenized.chosen.map(other => counts[other]++);
  }

  get documents(): readonly D[] {
    return this.tokenized.documents;
  }

  /** Document `d` with its scores. */
  at(d: number): ScoredDocument<D> {
    const { tokenized, sums, others, placesInOthers, tokensOf } = this;
    return {
      document: tokenized.documents[d],
      sentences: tokenized.sentences[d],
      bytes: tokenized.bytes[d],
      spellingLog10Prob: tokenized.spellings[d],
      sum: sums.of(d),
      againstSum: others.length > 0 ? others[tokenized.chosen[d]].of(placesInOthers[d]) : undefined,
      byToken: tokensOf?.(d),
    };
  }

  *[Symbol.iterator](): Generator<ScoredDocument<D>, void, void> {
    for (let d = 0; d < this.documents.length; d++) yield this.at(d);
  }
}

/**
 * Input: documents. Output: the same documents with their scores, in the same sequence, some documents at a time. Documents are
 * tokenized on this thread, and scored in tasks of about `TokenScoring.taskTokens` tokens; of a slow input, as soon as they come.
 */
export function scoreDocuments<D extends Scorable>(
  documents: AsyncIterable<readonly D[]> | Iterable<readonly D[]>,
  scoring: DocumentScoring,
): AsyncGenerator<ScoredDocuments<D>, void, void> {
  const { model, byToken = false, spreads = false } = scoring;
  const most = spreads ? SPREAD_WORDS : byToken ? BY_TOKEN : Infinity;
  const limits: GroupLimits = { ...model, taskTokens: Math.min(most, model.taskTokens) };
  const tokenizer = new DocumentTokenizer<D>(scoring, limits.taskTokens);
  return inGroups(
    tokenizer.tokenize(documents),
    ({ own }) => own.ids.length,
    groups => scoreTogether(joinDocuments(groups), scoring),
    limits,
  );
}

async function scoreTogether<D>(
  tokenized: TokenizedDocuments<D>,
  { model, against = [], byToken = false, spreads: withSpreads = false, texts: withTexts = false }: DocumentScoring,
): Promise<ScoredDocuments<D>> {
  const sumsUnder = async (scoring: TokenScoring, { ids, ends }: DocumentIds): Promise<SumsByDocument> =>
    new SumsByDocument(await scoring.sums(ids, ends), ends);
  const { own } = tokenized;
  const summingOthers = Promise.all(against.map((other, o) => sumsUnder(other, tokenized.others[o])));
  if (!byToken) {
    const [sums, others] = await Promise.all([sumsUnder(model, own), summingOthers]);
    return new ScoredDocuments(tokenized, sums, others);
  }
  const { ends } = own;
  const [found, spread, others] = await Promise.all([
    model.score(own.ids),
    withSpreads ? model.spreads(own.ids) : undefined,
    summingOthers,
  ]);
  const sums = new SumsByDocument(sumStretches(found, ends), ends);
  const places = tokenized.places.length > 0 ? tokenized.places : undefined;
  const ids = inTextOrder(own.ids, places);
  const texts = withTexts ? inTextOrder(tokenized.texts, places) : undefined;
  const scores = allInTextOrder(found, places);
  const spreads = spread && allInTextOrder(spread, places);
  return new ScoredDocuments(tokenized, sums, others, d => {
    const [from, to] = [d === 0 ? 0 : ends[d - 1], ends[d]];
    return {
      scores: {
        log10Probs: scores.log10Probs.subarray(from, to),
        matched: scores.matched.subarray(from, to),
        oov: scores.oov.subarray(from, to),
      },
      ids: ids.subarray(from, to),
      spreads: spreads && {
        ranks: spreads.ranks.subarray(from, to),
        entropies: spreads.entropies.subarray(from, to),
        secondMoments: spreads.secondMoments.subarray(from, to),
      },
      texts: texts?.slice(from, to),
    };
  });
}

/** An object of arrays by token, each of them as {@link inTextOrder} returns it. */
function allInTextOrder<Arrays extends object>(arrays: Arrays, places: Uint32Array | undefined): Arrays {
  if (!places) return arrays;
  const entries = Object.entries(arrays) as [string, Float64Array | Uint32Array | Uint8Array][];
  return Object.fromEntries(entries.map(([name, values]) => [name, inTextOrder(values, places)])) as Arrays;
}

/** The sums of documents under one model. */
class SumsByDocument {
  constructor(
    private readonly sums: StretchSums,
    private readonly ends: Uint32Array,
  ) {}

  /** The sums of document `d`. */
  of(d: number): DocumentSums {
    const { sums, ends } = this;
    return {
      tokens: ends[d] - (d === 0 ? 0 : ends[d - 1]),
      oov: sums.oov[d],
      knownLog10Prob: sums.knownLog10Prob[d],
      oovLog10Prob: sums.oovLog10Prob[d],
      matched: sums.matched[d],
    };
  }
}
