import type { Perplexity } from '../model/scoring/perplexity.js';
import type { Smoothing } from '../smoothing/index.js';
import type { TokenizationInfo } from '../text/tokenization.js';
import type { WordOrderName } from '../text/word-order.js';
import type { Interval } from './bootstrap.js';
import type { SignalToNoise } from './signal.js';
import type { Unit } from './texts.js';

/** The figures of a model on a text. Intervals are 95 % intervals by the bootstrap. `null` is an undefined figure, or an interval of too few units. */
export interface TextFigures extends Perplexity {
  /** Number of units that the bootstrap resamples: documents, or sentences in files without documents. */
  readonly units: number;
  /** The number of OOVs divided by the number of tokens. */
  readonly oovRate: number;
  /**
   * Σ −log2 p of the tokens in the vocabulary, divided by the length [code points] of these tokens and the space or line end after
   * each. Without OOVs it equals `bitsPerCharacter`. With OOVs it is `null` for tokenizers whose tokens do not tell their length in the
   * text; it is defined for `whitespace` and `characters`.
   */
  readonly bitsPerCharacterExcludingOov: number | null;
  /** As `bitsPerCharacterExcludingOov`, but divided by the length in bytes of UTF-8. */
  readonly bitsPerByteExcludingOov: number | null;
  /** 95 % interval of `perplexity`; `null` for a text of one unit. */
  readonly interval: Interval | null;
  /** 95 % interval of `perplexityExcludingOov`; `null` for a text of one unit. */
  readonly intervalExcludingOov: Interval | null;
}

/** Means over files, where every file has the same weight. The mean of bits is arithmetic, so the mean of perplexities is geometric. */
export interface MacroFigures {
  /** Geometric mean of the perplexities of the files. */
  readonly perplexity: number | null;
  /** 95 % interval of `perplexity`. */
  readonly interval: Interval | null;
  /** Geometric mean of the perplexities of the files without OOVs. */
  readonly perplexityExcludingOov: number | null;
  /** 95 % interval of `perplexityExcludingOov`. */
  readonly intervalExcludingOov: Interval | null;
  /** Mean over the files of −log2 p a token. */
  readonly bitsPerToken: number | null;
  /** Mean over the files of −log2 p a code point, with OOVs and their spellings. */
  readonly bitsPerCharacter: number | null;
  /** Mean over the files of −log2 p a byte, with OOVs and their spellings. */
  readonly bitsPerByte: number | null;
  /** Mean over the files of −log2 p a code point, of the tokens in the vocabulary. */
  readonly bitsPerCharacterExcludingOov: number | null;
  /** Mean over the files of −log2 p a byte, of the tokens in the vocabulary. */
  readonly bitsPerByteExcludingOov: number | null;
}

/** How a model was made, and its figures on the test files. */
export interface ModelReport {
  /** The smoothing and the order, such as `glm5`. */
  readonly name: string;
  /** How the counts of the model were smoothed. */
  readonly smoothing: Smoothing;
  /** Length of the longest n-grams of the model. */
  readonly order: number;
  /** The order in which the model reads the words of a sentence; missing for `forward`. */
  readonly wordOrder?: WordOrderName;
  /** Number of distinct n-grams of the model, n-grams of skip patterns included. */
  readonly ngrams: number;
  /** Bytes on disk. */
  readonly bytes: number;
  /** Time that training took, without tuning [s]. */
  readonly trainSeconds: number;
  /** Time that tuning took [s]; `null` for a model without weights to tune. */
  readonly tuneSeconds: number | null;
  /** Time that loading the tables took [s]; `null` if blocks were read as needed. */
  readonly loadSeconds: number | null;
  /** Time that scoring all test files took, on one thread [s]. */
  readonly scoreSeconds: number;
  /** Figures of each test file. */
  readonly files: readonly (TextFigures & {
    /** The path of the test file. */
    readonly file: string;
  })[];
  /** Figures of all files as one text: every token has the same weight. */
  readonly micro: TextFigures;
  /** Means over the files: every file has the same weight, whatever its length. */
  readonly macro: MacroFigures;
}

/** The paired bootstrap of two models over all test files. */
export interface Comparison {
  /** The name of a model. */
  readonly model: string;
  /** The name of the model with which `model` is compared. */
  readonly against: string;
  /** Perplexity of `model` minus perplexity of `against`. */
  readonly difference: number | null;
  /** 95 % interval of `difference`, by the paired bootstrap. */
  readonly interval: Interval | null;
  /** `difference` divided by the perplexity of `against`. */
  readonly relative: number | null;
  /** Two-sided p of the difference, at least 2/(resamples + 1). */
  readonly p: number | null;
}

/** How well a test text ranks the models of a baseline. */
export interface RankingFigures extends SignalToNoise {
  /** The path of the test file; `null` for all files as one text. */
  readonly file: string | null;
  /**
   * The share of pairs of models that have the same order by perplexity when both are trained on the whole text and when both are trained on
   * a sample, as a mean over the samples.
   */
  readonly decisionAccuracy: number;
}

/** A published perplexity, with the perplexity of a model of this baseline. */
export interface PublishedFigure {
  /** The name of the model in the publication. */
  readonly model: string;
  /** The published perplexity. */
  readonly perplexity: number;
  /** The publication. */
  readonly source: string;
  /** Name of the model of this baseline that is of the nearest kind; `null` if there is none. */
  readonly counterpart: string | null;
  /** Perplexity of `counterpart` over all test files. */
  readonly ours: number | null;
}

/** The result of `baseline`, and the content of `baseline.json`. */
export interface BaselineReport {
  /** The version of kneser. */
  readonly version: string;
  /** The corpus of the catalog; `null` for a baseline of files. */
  readonly corpus: {
    /** The name of the corpus in the catalog. */
    readonly name: string;
    /** The title of the corpus. */
    readonly title: string;
  } | null;
  /** The training text. */
  readonly train: {
    /** Paths of the files. */
    readonly files: readonly string[];
    /** Number of sentences. */
    readonly sentences: number;
    /** Number of tokens, `</s>` included. */
    readonly tokens: number;
    /** Number of types, with `</s>` and `<unk>`. */
    readonly vocabulary: number;
  };
  /** The text on which the mixtures were tuned. */
  readonly valid: {
    /** Paths of the files. */
    readonly files: readonly string[];
    /** Number of sentences. */
    readonly sentences: number;
  };
  /** The texts on which the models were measured. */
  readonly test: readonly {
    /** Path of the file. */
    readonly file: string;
    /** Number of sentences. */
    readonly sentences: number;
    /** Number of tokens, `</s>` included. */
    readonly tokens: number;
    /** Number of tokens outside the vocabulary. */
    readonly oov: number;
    /** Length in code points. */
    readonly characters: number;
    /** Length in bytes of UTF-8. */
    readonly bytes: number;
    /** The part of the text that the bootstrap resamples as a whole. */
    readonly unit: Unit;
    /** Number of such parts. */
    readonly units: number;
  }[];
  /** The options of all models. */
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
    /** The word order of the first model; missing for `forward`. */
    readonly wordOrder?: WordOrderName;
  };
  /** How the intervals were computed. */
  readonly bootstrap: {
    /** Number of resamples. */
    readonly resamples: number;
    /** The seed of the random numbers. */
    readonly seed: number;
  };
  /** How each model was made, and its figures. */
  readonly models: readonly ModelReport[];
  /** Paired differences of models. */
  readonly comparisons: readonly Comparison[];
  /** How well the test texts rank the models; missing without `subsamples`. */
  readonly ranking?: readonly RankingFigures[];
  /** Published figures for the same corpus. */
  readonly published: readonly PublishedFigure[];
  /** One sentence for each part of the texts that was replaced or left out. */
  readonly warnings: readonly string[];
}
