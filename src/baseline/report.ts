import type { Perplexity } from '../model/scoring/perplexity.js';
import type { Smoothing } from '../smoothing/smoothing.js';
import type { TokenizationInfo } from '../text/tokenization.js';
import type { Interval } from './bootstrap.js';
import type { Unit } from './texts.js';

/** A model's figures on a text. Intervals are 95 %, by the bootstrap; `null`: undefined, or too few units. */
export interface TextFigures extends Perplexity {
  /** Number of units that the bootstrap resamples: documents, in files without documents sentences. */
  readonly units: number;
  /** OOVs divided by tokens. */
  readonly oovRate: number;
  /**
   * −log2 p of the tokens in the vocabulary, divided by their length in code points with the space or line end after each.
   * Without OOVs it equals `bitsPerCharacter`. With OOVs it is defined for tokenizers whose tokens tell how much of the
   * text they take, such as `whitespace` and `characters`.
   */
  readonly bitsPerCharacterExcludingOov: number | null;
  /** As `bitsPerCharacterExcludingOov`, divided by bytes of UTF-8 instead. */
  readonly bitsPerByteExcludingOov: number | null;
  readonly interval: Interval | null;
  /** The interval of `perplexityExcludingOov`. */
  readonly intervalExcludingOov: Interval | null;
}

/** Means over files, in which every file has the same weight: bits are averaged, so perplexity is a geometric mean. */
export interface MacroFigures {
  readonly perplexity: number | null;
  readonly interval: Interval | null;
  readonly perplexityExcludingOov: number | null;
  readonly intervalExcludingOov: Interval | null;
  readonly bitsPerToken: number | null;
  readonly bitsPerCharacter: number | null;
  readonly bitsPerByte: number | null;
  readonly bitsPerCharacterExcludingOov: number | null;
  readonly bitsPerByteExcludingOov: number | null;
}

/** How a model was made, and its figures on the test files. */
export interface ModelReport {
  /** The smoothing and the order, such as `glm5`. */
  readonly name: string;
  readonly smoothing: Smoothing;
  readonly order: number;
  /** Number of distinct n-grams that the model counts, with those of skip patterns. */
  readonly ngrams: number;
  /** Bytes on disk. */
  readonly bytes: number;
  readonly trainSeconds: number;
  /** `null` for a model without weights to tune. */
  readonly tuneSeconds: number | null;
  /** Seconds that loading the tables took; `null` if blocks were read as needed. */
  readonly loadSeconds: number | null;
  /** Seconds that scoring all test files took, on one thread. */
  readonly scoreSeconds: number;
  readonly files: readonly (TextFigures & { readonly file: string })[];
  /** The figures of all files as one text, in which every token has the same weight. */
  readonly micro: TextFigures;
  readonly macro: MacroFigures;
}

/** The paired bootstrap of two models over all test files. */
export interface Comparison {
  readonly model: string;
  readonly against: string;
  /** Perplexity of `model` minus that of `against`. */
  readonly difference: number | null;
  readonly interval: Interval | null;
  /** `difference` divided by the perplexity of `against`. */
  readonly relative: number | null;
  /** Two-sided p of the difference, at least 2/(resamples + 1). */
  readonly p: number | null;
}

/** A perplexity from the literature beside that of our model. */
export interface PublishedFigure {
  readonly model: string;
  readonly perplexity: number;
  readonly source: string;
  /** Name of our model of the same kind, and below its perplexity over all test files; `null` without such a model. */
  readonly counterpart: string | null;
  readonly ours: number | null;
}

/** The result of `baseline`, and the content of `baseline.json`. */
export interface BaselineReport {
  /** The version of kneser. */
  readonly version: string;
  /** The corpus of the catalog; `null` for files of one's own. */
  readonly corpus: { readonly name: string; readonly title: string } | null;
  readonly train: {
    readonly files: readonly string[];
    readonly sentences: number;
    /** With `</s>`. */
    readonly tokens: number;
    /** Number of types, with `</s>` and `<unk>`. */
    readonly vocabulary: number;
  };
  readonly valid: { readonly files: readonly string[]; readonly sentences: number };
  readonly test: readonly {
    readonly file: string;
    readonly sentences: number;
    readonly tokens: number;
    readonly oov: number;
    readonly characters: number;
    readonly bytes: number;
    /** The unit that the bootstrap resamples, and the number of such units. */
    readonly unit: Unit;
    readonly units: number;
  }[];
  readonly options: {
    readonly orders: readonly number[];
    readonly classes: number;
    /** How the vocabulary was chosen: `all`, `words`, `limit=N` or `frequency>=N`. */
    readonly vocabulary: string;
    readonly lowercase: boolean;
    readonly skipBlank: boolean;
    readonly tokenization: TokenizationInfo;
  };
  readonly bootstrap: { readonly resamples: number; readonly seed: number };
  readonly models: readonly ModelReport[];
  readonly comparisons: readonly Comparison[];
  readonly published: readonly PublishedFigure[];
  readonly warnings: readonly string[];
}
