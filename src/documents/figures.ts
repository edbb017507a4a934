import { exp10 } from '../base/elementary.js';
import type { PendingBytes } from '../base/pending-bytes.js';
import { bitsOf, LOG2_10, orNull, perplexityOf, type TokenSums } from '../model/scoring/perplexity.js';
import type { FeatureFigures } from './features.js';
import { writeText } from './member.js';
import type { DocumentUnit, ScoredDocument } from './scored.js';

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
  /** −log2 p for each byte of the text in UTF-8, line ends included; `null` with OOVs, since the model does not spell unknown words. */
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

/** The figures of a document. */
export function documentFigures(
  { sentences, sum, againstSum, bytes }: ScoredDocument<unknown>,
  { unit, tokenizer, model, against }: FigureConventions,
): DocumentFigures {
  const { tokens, oov } = sum;
  const log10Prob = sum.knownLog10Prob + sum.oovLog10Prob;
  // A document of empty sentences has no perplexity: all its tokens are `</s>`.
  const isEmpty = tokens === sentences;
  return {
    unit,
    tokenizer,
    model,
    sentences,
    tokens,
    oov,
    oovRate: orNull(oov / tokens),
    log10Prob: orNull(log10Prob),
    perplexity: isEmpty ? null : orNull(perplexityOf(log10Prob, tokens)),
    bitsPerByte: isEmpty || oov > 0 ? null : orNull(bitsOf(log10Prob) / bytes),
    commonness: isEmpty || !Number.isFinite(log10Prob) ? null : exp10(log10Prob / tokens),
    ...(againstSum ? { against: compared(against, sum, againstSum, isEmpty) } : {}),
  };
}

const encoder = new TextEncoder();
/** Stands for a number in the JSON of a template. No JSON has this byte, and no figure is this string. */
const SLOT = 0x00;
const SLOT_TEXT = '\0';
const COMMA = 0x2c;

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
 * The JSON of figures that differ only in their numbers. One call of `JSON.stringify` writes the numbers of all documents, and the names of
 * the members are copied from a template: whole objects take twice as long.
 */
export class TemplateJson implements FiguresJson {
  /** The figures of a document, with a {@link SLOT} for each number. */
  private template = new Uint8Array(0);
  /** All numbers, with a comma or bracket before and after each. */
  private numbers = new Uint8Array(0);
  /** By document, where its first number begins in `numbers`. */
  private starts = new Uint32Array(0);

  constructor(private readonly figures: readonly DocumentFigures[]) {}

  writeTo(out: PendingBytes, d: number, skipped = 0): void {
    if (this.starts.length === 0) this.makeJson();
    const { template, numbers, starts } = this;
    out.reserve(template.length + starts[d + 1] - starts[d]);
    const { bytes } = out;
    let { length } = out;
    let at = starts[d];
    for (let i = skipped; i < template.length; i++) {
      if (template[i] !== SLOT) {
        bytes[length++] = template[i];
        continue;
      }
      while (numbers[at] !== COMMA) bytes[length++] = numbers[at++];
      at++;
    }
    out.length = length;
  }

  private makeJson(): void {
    const { figures } = this;
    const [first] = figures;
    const isNumber = (value: unknown): boolean => typeof value === 'number' || value === null;
    const text = JSON.stringify(first, (_, value: unknown) => (isNumber(value) ? SLOT_TEXT : value));
    this.template = encoder.encode(text.replaceAll(JSON.stringify(SLOT_TEXT), SLOT_TEXT));
    const values: (number | null)[] = [];
    for (const one of figures) addNumbers(one, values);
    const numbers = Buffer.from(JSON.stringify(values), 'latin1');
    numbers[numbers.length - 1] = COMMA;
    this.numbers = numbers;
    const each = values.length / figures.length;
    this.starts = new Uint32Array(figures.length + 1);
    this.starts[0] = 1;
    for (let at = 1, d = 0, n = 0; at < numbers.length; at++) {
      if (numbers[at] !== COMMA || ++n < each) continue;
      this.starts[++d] = at + 1;
      n = 0;
    }
  }
}

/** Appends the numbers of an object and of the objects in it to `to`, in the sequence of the members. */
function addNumbers(object: object, to: (number | null)[]): void {
  for (const value of Object.values(object) as unknown[]) {
    if (typeof value === 'number' || value === null) to.push(value);
    else if (typeof value === 'object') addNumbers(value, to);
  }
}

/** The figures of a document under a second model. */
function compared(model: string, sum: TokenSums, other: TokenSums, isEmpty: boolean): ComparedFigures {
  const log10Prob = other.knownLog10Prob + other.oovLog10Prob;
  const ratio = sum.knownLog10Prob + sum.oovLog10Prob - log10Prob;
  return {
    model,
    log10Prob: orNull(log10Prob),
    perplexity: isEmpty ? null : orNull(perplexityOf(log10Prob, other.tokens)),
    log10Ratio: isEmpty ? null : orNull(ratio),
    log10RatioPerToken: isEmpty ? null : orNull(ratio / sum.tokens),
  };
}

/** The surprisal −log2 p [bits] of a token with this log10 p. */
export function surprisal(log10Prob: number): number {
  return -log10Prob * LOG2_10;
}
