import {
  fitHeaps,
  fitHeapsByLeastSquares,
  fitZipf,
  logarithmicPositions,
  type HeapsLaw,
  type ZipfLaw,
} from './laws.js';
import { countDistinct, meanRepetition, type NgramIds } from './ngram-ids.js';
import type { Pool, WordKinds } from './pool.js';
import { placeAfter, unitEndsOf, type TextArrays } from './unit-text.js';

/** Lengths of sentences or documents [tokens]. */
export interface LengthFigures {
  /** Their mean. */
  readonly mean: number;
  /** Standard deviation, with the number of lengths as the divisor. */
  readonly sd: number;
  /** Their median; of an even number of lengths, the mean of the middle two. */
  readonly median: number;
  /** The greatest length. */
  readonly most: number;
}

/** Two fits of Heaps' law: by the maximum likelihood of a non-homogeneous Poisson process, and by least squares. */
export interface HeapsFits extends HeapsLaw {
  /** The least-squares line of the logarithms at 50 numbers of tokens, from 100: the fit that most papers quote. */
  readonly leastSquares: HeapsLaw;
}

/**
 * Figures that depend on the number of tokens. So two texts are compared at equal numbers: of the longer text the first tokens are used, as
 * many as the shorter text has.
 */
export interface VocabularyFigures {
  /** How many tokens from the beginning of the text are used. */
  readonly tokens: number;
  /** Number of distinct tokens. */
  readonly types: number;
  /** Number of types that occur once. */
  readonly hapaxes: number;
  /** Zipf's law, p(k) ∝ k^(−s) over the observed ranks, by maximum likelihood. */
  readonly zipf: ZipfLaw;
  /** Heaps' law, α ℓ^β. */
  readonly heaps: HeapsFits;
  /** Types divided by tokens: distinct-1 (Li et al. 2016). */
  readonly distinct1: number;
  /** Distinct bigrams divided by all bigrams; `null` if there are none. N-grams do not reach over the end of a sentence. */
  readonly distinct2: number | null;
  /** Distinct 4-grams divided by all 4-grams; 1 minus this share is the repetition of the whole text. */
  readonly distinct4: number | null;
  /** Ranks of types, and the share of the tokens that the type has: at most 200 ranks, at about equal distances of their logarithms. */
  readonly rankFrequency: readonly (readonly [rank: number, share: number])[];
}

/** The figures of a text. */
export interface TextProfile {
  /** The names of the files, or the model of which these are samples. */
  readonly name: string;
  /** Number of sentences with a token. */
  readonly sentences: number;
  /** Number of documents with a token; `null` for plain text. */
  readonly documents: number | null;
  /** Number of tokens. */
  readonly tokens: number;
  /** Lengths of sentences. */
  readonly length: LengthFigures;
  /** Lengths of documents; `null` unless the units are documents. */
  readonly documentLength: LengthFigures | null;
  /** Share of sentences by length: entry i has the lengths above i · `lengthStep` up to (i + 1) · `lengthStep`; the last entry has all longer ones, too. */
  readonly lengthShares: readonly number[];
  /** Share of the tokens that are stopwords; `null` without a list. */
  readonly stopwordShare: number | null;
  /** Share of the tokens that have neither a letter nor a digit. */
  readonly symbolShare: number;
  /** The mean over units of 1 − distinct/all 4-grams of the unit: seq-rep-4 (Welleck et al. 2020); `null` without 4-grams. */
  readonly seqRep4: number | null;
  /** Types, the laws of Zipf and Heaps, and distinct n-grams. */
  readonly vocabulary: VocabularyFigures;
  /** Numbers of tokens ℓ, and the mean number of types of ℓ tokens over all orders of the units. */
  readonly typeToken: readonly (readonly [tokens: number, types: number])[];
  /** Numbers of tokens and of types of units: of at most 1,000 units, at equal distances in the text. */
  readonly units: readonly (readonly [tokens: number, types: number])[];
  /** Figures under the model; missing without one. */
  readonly underModel?: ModelFigures;
}

/** Figures of a text under a model, `</s>` counted. */
export interface ModelFigures {
  /** Mean −log2 p of the tokens [bits]. */
  readonly meanSurprisal: number;
  /** Mean entropy of the distributions from which the next token would be drawn [bits]. */
  readonly meanEntropy: number;
  /** The entropy is the mean over this many tokens: of whole sentences at equal distances in the text. */
  readonly entropyTokens: number;
  /** Number of tokens outside the vocabulary. */
  readonly oov: number;
}

/** The most points of a curve of ranks. */
const RANK_POINTS = 200;
/** The most units whose tokens and types are listed. */
const UNIT_POINTS = 1000;
/** About how many bars a histogram of lengths has; the last bar has the longest 1 % of the sentences. */
const BARS = 30;
const OUTSIDE_BARS = 0.01;

/** A text, and the data from which its figures are computed. */
export interface ProfiledText {
  readonly name: string;
  readonly text: TextArrays;
  /** Its units alone. */
  readonly pool: Pool;
  /** Where its words begin in the n-grams' places. */
  readonly from: number;
}

/** How the figures of all texts are made. */
export interface FigureChoices {
  readonly kinds: WordKinds;
  /** Number of tokens from which the vocabulary's figures are made. */
  readonly tokens: number;
  readonly byDocument: boolean;
  readonly lengthStep: number;
  readonly bars: number;
  readonly bigrams: NgramIds;
  readonly fourgrams: NgramIds;
}

/** The figures of a text. */
export function figuresOf({ name, text, pool, from }: ProfiledText, choices: FigureChoices): TextProfile {
  const { kinds, byDocument, lengthStep, bars } = choices;
  const lengths = lengthsOf(text);
  const unitEnds = unitEndsOf(text, byDocument);
  const shares = new Array<number>(bars).fill(0);
  for (const length of lengths) shares[Math.min(bars - 1, Math.ceil(length / lengthStep) - 1)] += 1 / lengths.length;
  const pairs = pool.pairs();
  const step = Math.ceil(pairs.length / UNIT_POINTS);
  return {
    name,
    sentences: lengths.length,
    documents: text.documentEnds?.length ?? null,
    tokens: text.tokens,
    length: lengthFigures(lengths),
    documentLength: byDocument ? lengthFigures(Float64Array.from(pairs, ([tokens]) => tokens)) : null,
    lengthShares: shares,
    stopwordShare: kinds.stopwords ? shareOf(text, kinds.stopwords) : null,
    symbolShare: shareOf(text, kinds.symbols),
    seqRep4: meanRepetition(
      choices.fourgrams,
      from,
      Array.from(unitEnds, end => from + text.sentenceEnds[end - 1]),
    ),
    vocabulary: vocabularyOf(text, from, choices),
    typeToken: curveOf(pool, text.tokens),
    units: pairs.filter((_, i) => i % step === 0),
  };
}

/** By sentence, its length [tokens]. */
export function lengthsOf({ sentenceEnds }: TextArrays): Float64Array {
  return Float64Array.from(sentenceEnds, (end, i) => end - (i === 0 ? 0 : sentenceEnds[i - 1]) - 1);
}

/** The width of a bar [tokens], and the number of bars, of a histogram of lengths: 99 % of the lengths are in all bars but the last. */
export function barsOf(lengths: Float64Array): { readonly lengthStep: number; readonly bars: number } {
  const sorted = lengths.slice().sort();
  const usual = sorted[Math.floor((1 - OUTSIDE_BARS) * (sorted.length - 1))];
  const lengthStep = Math.max(1, Math.round(usual / BARS));
  const bars = Math.ceil(usual / lengthStep) + (sorted[sorted.length - 1] > usual ? 1 : 0);
  return { lengthStep, bars };
}

function lengthFigures(lengths: Float64Array): LengthFigures {
  const sorted = lengths.slice().sort();
  const { length } = sorted;
  let [sum, squares] = [0, 0];
  for (const value of sorted) sum += value;
  const mean = sum / length;
  for (const value of sorted) squares += (value - mean) ** 2;
  return {
    mean,
    sd: Math.sqrt(squares / length),
    median: (sorted[(length - 1) >> 1] + sorted[length >> 1]) / 2,
    most: sorted[length - 1],
  };
}

function shareOf({ words, tokens }: TextArrays, kind: Uint32Array): number {
  let count = 0;
  for (const word of words) if (kind[word] > 0) count++;
  return count / tokens;
}

function vocabularyOf(
  text: TextArrays,
  from: number,
  { tokens, bigrams, fourgrams, kinds }: FigureChoices,
): VocabularyFigures {
  const to = placeAfter(text, tokens);
  const counts = new Uint32Array(kinds.symbols.length);
  const arrivals: number[] = [];
  let position = 0;
  for (const word of text.words.subarray(0, to)) {
    if (word === 0) continue;
    position++;
    if (counts[word]++ === 0) arrivals.push(position);
  }
  const sorted = counts
    .filter(count => count > 0)
    .sort()
    .reverse();
  const distinctShare = (ngrams: NgramIds): number | null => {
    const { all, distinct } = countDistinct(ngrams, from, from + to);
    return all === 0 ? null : distinct / all;
  };
  const places = Uint32Array.from(arrivals);
  return {
    tokens: position,
    types: sorted.length,
    hapaxes: sorted.reduce((sum, count) => sum + (count === 1 ? 1 : 0), 0),
    zipf: fitZipf(sorted),
    heaps: { ...fitHeaps(places, position), leastSquares: fitHeapsByLeastSquares(places, position) },
    distinct1: sorted.length / position,
    distinct2: distinctShare(bigrams),
    distinct4: distinctShare(fourgrams),
    rankFrequency: ranksOf(sorted.length).map(rank => [rank, sorted[rank - 1] / position]),
  };
}

/** Ranks from 1 to the number of types, at most {@link RANK_POINTS}, at about equal distances of their logarithms. */
function ranksOf(types: number): number[] {
  const ranks = Array.from({ length: RANK_POINTS }, (_, i) => Math.round(types ** (i / (RANK_POINTS - 1))));
  return [...new Set(ranks)];
}

/** The curve of types, from its beginning. */
function curveOf(pool: Pool, tokens: number): [number, number][] {
  const early = Array.from({ length: 5 }, (_, i) => Math.round((100 * i) / 5)).filter(at => at > 0 && tokens > 100);
  const positions = [...new Set([...early, ...logarithmicPositions(tokens)])];
  return pool.curve(positions).map((types, i) => [positions[i], types]);
}
