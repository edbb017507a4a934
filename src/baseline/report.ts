import type { Perplexity } from '../model/scoring/perplexity.js';
import type { Smoothing } from '../smoothing/index.js';
import type { TokenizationInfo } from '../text/tokenization.js';
import type { Interval } from './bootstrap.js';
import type { Unit } from './texts.js';

/** What models make of a text. Intervals are 95 %, by the bootstrap; `null` where figures or units do not suffice. */
export interface TextFigures extends Perplexity {
  /** What the bootstrap resamples: documents, where the file has them, else sentences. */
  readonly units: number;
  /** OOVs a token. */
  readonly oovRate: number;
  /**
   * −log2 p of the tokens in the vocabulary, a code point of theirs, the space or line end behind each included. Defined
   * where `bitsPerCharacter` is not, if OOVs tell how much of the text they take, as those of white space and characters do;
   * equal to it without OOVs.
   */
  readonly bitsPerCharacterExcludingOov: number | null;
  /** The same a byte. */
  readonly bitsPerByteExcludingOov: number | null;
  readonly interval: Interval | null;
  /** Of `perplexityExcludingOov`. */
  readonly intervalExcludingOov: Interval | null;
}

/** The mean over files, each counted alike: bits are averaged, so a perplexity is the geometric mean of the files'. */
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

/** A model: how it was made, and what it makes of the test files. */
export interface ModelReport {
  /** `mkn` or `glm` and the order: `glm5`. */
  readonly name: string;
  readonly smoothing: Smoothing;
  readonly order: number;
  /** Distinct n-grams that it counts, those with skipped words included. */
  readonly ngrams: number;
  /** Bytes on disk. */
  readonly bytes: number;
  readonly trainSeconds: number;
  /** `null` for a model that has nothing to tune. */
  readonly tuneSeconds: number | null;
  /** Seconds that its tables took to load; `null` where it was read in blocks as needed. */
  readonly loadSeconds: number | null;
  /** Seconds that scoring all test files took, one thread. */
  readonly scoreSeconds: number;
  readonly files: readonly (TextFigures & { readonly file: string })[];
  /** All files as one text: each token counts alike. */
  readonly micro: TextFigures;
  readonly macro: MacroFigures;
}

/** The paired bootstrap of two models over all test files. */
export interface Comparison {
  readonly model: string;
  readonly against: string;
  /** Perplexity of `model` less that of `against`. */
  readonly difference: number | null;
  readonly interval: Interval | null;
  /** `difference` as a part of the perplexity of `against`. */
  readonly relative: number | null;
  /** Two-sided. At least 2/(resamples + 1). */
  readonly p: number | null;
}

/** A figure from the literature beside ours. */
export interface PublishedFigure {
  readonly model: string;
  readonly perplexity: number;
  readonly source: string;
  /** Our model of the same kind, and its perplexity over all test files; `null` where there is none. */
  readonly counterpart: string | null;
  readonly ours: number | null;
}

/** All that `kneser baseline` found out: what `baseline.json` holds. */
export interface BaselineReport {
  /** The version of kneser. */
  readonly version: string;
  /** The catalog's corpus, or `null`. */
  readonly corpus: { readonly name: string; readonly title: string } | null;
  readonly train: {
    readonly files: readonly string[];
    readonly sentences: number;
    /** `</s>` counted. */
    readonly tokens: number;
    /** Types with `</s>` and `<unk>`. */
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
    /** What its bootstrap resamples, and how many there are. */
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
