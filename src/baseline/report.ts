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
  /** 95 % interval of `perplexity`; `null` for a text of one unit. */
  readonly interval: Interval | null;
  /** Of `perplexityExcludingOov`. */
  readonly intervalExcludingOov: Interval | null;
}

/** The mean over files, each counted alike: bits are averaged, so a perplexity is the geometric mean of the files'. */
export interface MacroFigures {
  /** Geometric mean of the perplexities of the files. */
  readonly perplexity: number | null;
  /** Its 95 % interval. */
  readonly interval: Interval | null;
  /** The same over the tokens in the vocabulary. */
  readonly perplexityExcludingOov: number | null;
  /** Its 95 % interval. */
  readonly intervalExcludingOov: Interval | null;
  /** Mean over the files of −log2 p a token. */
  readonly bitsPerToken: number | null;
  /** Mean over the files of −log2 p a code point; `null` with OOVs. */
  readonly bitsPerCharacter: number | null;
  /** Mean over the files of −log2 p a byte; `null` with OOVs. */
  readonly bitsPerByte: number | null;
  /** The same a code point of the tokens in the vocabulary. */
  readonly bitsPerCharacterExcludingOov: number | null;
  /** The same a byte of the tokens in the vocabulary. */
  readonly bitsPerByteExcludingOov: number | null;
}

/** A model: how it was made, and what it makes of the test files. */
export interface ModelReport {
  /** `mkn` or `glm` and the order: `glm5`. */
  readonly name: string;
  /** How its counts were smoothed. */
  readonly smoothing: Smoothing;
  /** Length of its longest n-grams. */
  readonly order: number;
  /** Distinct n-grams that it counts, those with skipped words included. */
  readonly ngrams: number;
  /** Bytes on disk. */
  readonly bytes: number;
  /** Seconds that training took, without tuning. */
  readonly trainSeconds: number;
  /** `null` for a model that has nothing to tune. */
  readonly tuneSeconds: number | null;
  /** Seconds that its tables took to load; `null` where it was read in blocks as needed. */
  readonly loadSeconds: number | null;
  /** Seconds that scoring all test files took, one thread. */
  readonly scoreSeconds: number;
  /** Figures of each test file. */
  readonly files: readonly (TextFigures & {
    /** Its path. */
    readonly file: string;
  })[];
  /** All files as one text: each token counts alike. */
  readonly micro: TextFigures;
  /** All files alike, whatever their length. */
  readonly macro: MacroFigures;
}

/** The paired bootstrap of two models over all test files. */
export interface Comparison {
  /** The name of a model. */
  readonly model: string;
  /** The name of the model that it is compared to. */
  readonly against: string;
  /** Perplexity of `model` less that of `against`. */
  readonly difference: number | null;
  /** 95 % interval of `difference`, by the paired bootstrap. */
  readonly interval: Interval | null;
  /** `difference` as a part of the perplexity of `against`. */
  readonly relative: number | null;
  /** Two-sided. At least 2/(resamples + 1). */
  readonly p: number | null;
}

/** A figure from the literature beside ours. */
export interface PublishedFigure {
  /** Its name in the publication. */
  readonly model: string;
  /** The published perplexity. */
  readonly perplexity: number;
  /** The publication. */
  readonly source: string;
  /** Our model of the same kind, and its perplexity over all test files; `null` where there is none. */
  readonly counterpart: string | null;
  /** The perplexity of our counterpart. */
  readonly ours: number | null;
}

/** All that `kneser baseline` found out: what `baseline.json` holds. */
export interface BaselineReport {
  /** The version of kneser. */
  readonly version: string;
  /** The catalog's corpus, or `null`. */
  readonly corpus: {
    /** Its name in the catalog. */
    readonly name: string;
    /** Its title. */
    readonly title: string;
  } | null;
  /** The text that was counted. */
  readonly train: {
    /** Its files. */
    readonly files: readonly string[];
    /** Its sentences. */
    readonly sentences: number;
    /** `</s>` counted. */
    readonly tokens: number;
    /** Types with `</s>` and `<unk>`. */
    readonly vocabulary: number;
  };
  /** The text that the mixture was tuned on. */
  readonly valid: {
    /** Its files. */
    readonly files: readonly string[];
    /** Its sentences. */
    readonly sentences: number;
  };
  /** The texts that were measured. */
  readonly test: readonly {
    /** Its path. */
    readonly file: string;
    /** Its sentences. */
    readonly sentences: number;
    /** Its tokens, `</s>` counted. */
    readonly tokens: number;
    /** Its tokens outside the vocabulary. */
    readonly oov: number;
    /** Its code points. */
    readonly characters: number;
    /** Its bytes of UTF-8. */
    readonly bytes: number;
    /** What its bootstrap resamples. */
    readonly unit: Unit;
    /** How many of these it has. */
    readonly units: number;
  }[];
  /** The options that held for all models. */
  readonly options: {
    /** The orders of the models. */
    readonly orders: readonly number[];
    /** Word classes of the mixture; 0 for none. */
    readonly classes: number;
    /** How the vocabulary was chosen: `all`, `words`, `limit=N` or `frequency>=N`. */
    readonly vocabulary: string;
    /** Whether all text was lower-cased. */
    readonly lowercase: boolean;
    /** Whether lines without a token were left out. */
    readonly skipBlank: boolean;
    /** How text became sentences and tokens. */
    readonly tokenization: TokenizationInfo;
  };
  /** How the intervals were computed. */
  readonly bootstrap: {
    /** How many resamples. */
    readonly resamples: number;
    /** The seed of their random numbers. */
    readonly seed: number;
  };
  /** A row for each model. */
  readonly models: readonly ModelReport[];
  /** Paired differences of models. */
  readonly comparisons: readonly Comparison[];
  /** Published figures for the same corpus. */
  readonly published: readonly PublishedFigure[];
  /** What the texts held that was replaced or left out: one sentence each. */
  readonly warnings: readonly string[];
}
