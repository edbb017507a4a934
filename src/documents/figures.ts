import { exp10 } from '../base/elementary.js';
import type { PendingBytes } from '../base/pending-bytes.js';
import { bitsOf, orNull, perplexityOf } from '../model/scoring/perplexity.js';
import { NUMBER_BYTES, writeNumber } from '../report/number-bytes.js';
import type { DocumentUnit } from './document-scoring.js';
import type { FeatureFigures } from './features.js';
import { writeText } from './member.js';
import type { ScoredDocument, ScoredDocuments } from './scored.js';

/** The figures of a document under one model. An undefined figure is `null`. */
export interface DocumentFigures extends Partial<FeatureFigures> {
  /** Whether each line (or segmented sentence) is a sentence, or the whole document is one. Perplexities of different units cannot be compared. */
  readonly unit: DocumentUnit;
  /** How the model cuts text into tokens, such as `whitespace`; a tokenizer's file is named by its kind and a checksum. */
  readonly tokenizer: string;
  /** The model: smoothing, order and `ModelInfo.identity`. Only figures of one model can be compared. */
  readonly model: string;
  /** Number of scored sentences. */
  readonly sentences: number;
  /** Number of tokens, with one `</s>` for each sentence. */
  readonly tokens: number;
  /** Number of tokens outside the model's vocabulary. */
  readonly oov: number;
  /** `oov` / `tokens`. */
  readonly oovRate: number | null;
  /** Σ log10 p over the tokens. */
  readonly log10Prob: number | null;
  /** 10^(−log10Prob / tokens); `null` if the document has no token but `</s>`, or a token has probability 0. */
  readonly perplexity: number | null;
  /** −log2 p for each byte of the text in UTF-8, line ends included. p of an OOV is that of `<unk>` times that of its spelling. */
  readonly bitsPerByte: number | null;
  /** 1 / perplexity: the geometric mean of the tokens' probabilities. */
  readonly commonness: number | null;
  /** The document under the second model; with `against`. */
  readonly against?: ComparedFigures;
  /** The document's perplexities after its context and without it; with `context`. */
  readonly context?: ContextFigures;
  /** By token, the token as the model reads it; with `tokens`. */
  readonly tokenTexts?: readonly string[];
  /** By token, log10 p; with `tokens`. */
  readonly log10Probs?: readonly number[];
  /** By token, its rank among all types by falling probability, from 1; with `tokens` and `features: 'full'`. */
  readonly ranks?: readonly number[];
  /** By token, the entropy of the distribution after its history [bits]; with `tokens` and `features: 'full'`. */
  readonly entropies?: readonly number[];
  /** By token, true to leave it out of the loss of a model in training; with `mask`. */
  readonly mask?: readonly boolean[];
}

/** A document under a second model. */
export interface ComparedFigures {
  /** The second model: smoothing, order and `ModelInfo.identity`. With `target`, the two models of halves, of which the document is compared with one. */
  readonly model: string;
  /** Σ log10 p under the second model. */
  readonly log10Prob: number | null;
  /** Perplexity under the second model. */
  readonly perplexity: number | null;
  /** log10 p under the model − log10 p under the second model. If it is above 0, the document is more like the text of the first model. */
  readonly log10Ratio: number | null;
  /** `log10Ratio` / tokens: the difference of cross-entropies (Moore & Lewis 2010). */
  readonly log10RatioPerToken: number | null;
}

/** Perplexities of a document with an empty cache and with a cache that has read its context. Experimental: a cache sees repetition, not meaning. */
export interface ContextFigures {
  /** Perplexity with a cache that is empty at the beginning of the document. */
  readonly coldPerplexity: number | null;
  /** Perplexity with a cache that has read the context. */
  readonly perplexity: number | null;
  /** (`coldPerplexity` − `perplexity`) / (`coldPerplexity` + `perplexity`), from −1 to 1: above 0 the context helps. */
  readonly consens: number | null;
}

/** The conventions of all documents: {@link Conventions}, all of them known. */
export interface FigureConventions {
  readonly unit: DocumentUnit;
  readonly tokenizer: string;
  readonly model: string;
  /** The second model, or the models of which each document is compared with one; empty without a second model. */
  readonly against: string;
}

/** The most numbers among the figures of a document that {@link putNumbers} computes: eight under the model, four under a second one. */
const MOST_NUMBERS = 12;

/** The figures of a document. */
export function documentFigures(
  one: ScoredDocument<unknown>,
  { unit, tokenizer, model, against }: FigureConventions,
): DocumentFigures {
  const numbers = new Float64Array(MOST_NUMBERS);
  putNumbers(one, numbers);
  const { sentences, sum, againstSum } = one;
  const { tokens, oov } = sum;
  const [oovRate, log10Prob, perplexity, bitsPerByte, commonness, ...other] = Array.from(numbers.subarray(3), orNull);
  const figures = { unit, tokenizer, model, sentences, tokens, oov };
  const all = { ...figures, oovRate, log10Prob, perplexity, bitsPerByte, commonness };
  return againstSum ? { ...all, against: comparedFigures(against, other) } : all;
}

/** The figures of a document under a second model. */
function comparedFigures(
  model: string,
  [log10Prob, perplexity, log10Ratio, log10RatioPerToken]: readonly (number | null)[],
): ComparedFigures {
  return { model, log10Prob, perplexity, log10Ratio, log10RatioPerToken };
}

/**
 * Computes the figures of a document that are numbers, without an object for them.
 *
 * @param to gets the numbers in the sequence of the members; an undefined figure is not finite.
 */
function putNumbers(
  { sentences, sum, againstSum, bytes, spellingLog10Prob }: ScoredDocument<unknown>,
  to: Float64Array,
): void {
  const { tokens, oov } = sum;
  const log10Prob = sum.knownLog10Prob + sum.oovLog10Prob;
  // A document of empty sentences has no perplexity: all its tokens are `</s>`.
  const isEmpty = tokens === sentences;
  to[0] = sentences;
  to[1] = tokens;
  to[2] = oov;
  to[3] = oov / tokens;
  to[4] = log10Prob;
  to[5] = isEmpty ? NaN : perplexityOf(log10Prob, tokens);
  to[6] = isEmpty ? NaN : bitsOf(log10Prob + spellingLog10Prob) / bytes;
  to[7] = isEmpty || !Number.isFinite(log10Prob) ? NaN : exp10(log10Prob / tokens);
  if (!againstSum) return;
  const other = againstSum.knownLog10Prob + againstSum.oovLog10Prob;
  const ratio = isEmpty ? NaN : log10Prob - other;
  to[8] = other;
  to[9] = isEmpty ? NaN : perplexityOf(other, againstSum.tokens);
  to[10] = ratio;
  to[11] = ratio / tokens;
}

const encoder = new TextEncoder();
/** Stands for a number in the JSON of a template. No figure is this string. */
const SLOT = '\0';
const NULL = encoder.encode('null');

/** The JSON of the figures of documents that were scored together. */
export interface FiguresJson {
  /** Writes the figures of document `d`, an object. @param skipped how many of its first bytes are left out. */
  writeTo(out: PendingBytes, d: number, skipped?: number): void;
}

/** The JSON of the figures of each document by itself. */
export class SeparateJson implements FiguresJson {
  constructor(private readonly figures: readonly DocumentFigures[]) {}

  writeTo(out: PendingBytes, d: number, skipped = 0): void {
    writeText(out, JSON.stringify(this.figures[d]).slice(skipped));
  }
}

/**
 * The JSON of figures that differ only in their numbers: the names of the members are copied from a template. An object for each document,
 * and a string for each number, take several times as long.
 */
export class TemplateJson implements FiguresJson {
  /** The JSON of a document's figures before, between and behind its numbers. */
  private readonly between: readonly Uint8Array[];
  /** The numbers of one document. */
  private readonly numbers = new Float64Array(MOST_NUMBERS);

  constructor(
    private readonly documents: ScoredDocuments<unknown>,
    conventions: FigureConventions,
  ) {
    const isNumber = (value: unknown): boolean => typeof value === 'number' || value === null;
    const first = documentFigures(documents.at(0), conventions);
    const template = JSON.stringify(first, (_, value: unknown) => (isNumber(value) ? SLOT : value));
    this.between = template.split(JSON.stringify(SLOT)).map(part => encoder.encode(part));
  }

  writeTo(out: PendingBytes, d: number, skipped = 0): void {
    const { between, numbers } = this;
    putNumbers(this.documents.at(d), numbers);
    const [head] = between;
    out.add(skipped === 0 ? head : head.subarray(skipped));
    for (let i = 1; i < between.length; i++) {
      const part = between[i];
      out.reserve(NUMBER_BYTES + part.length);
      const { bytes } = out;
      const value = numbers[i - 1];
      let length = Number.isFinite(value) ? writeNumber(value, bytes, out.length) : writeNull(bytes, out.length);
      for (let at = 0; at < part.length; at++) bytes[length++] = part[at];
      out.length = length;
    }
  }
}

/** Writes `null`. @returns the offset behind it. */
function writeNull(bytes: Uint8Array, at: number): number {
  bytes.set(NULL, at);
  return at + NULL.length;
}
