import type { Perplexity } from '../model/scoring/perplexity.js';
import type { Smoothing } from '../smoothing/index.js';
import type { TokenizationInfo } from '../text/tokenization.js';
import type { Interval } from './bootstrap.js';
import type { Unit } from './texts.js';

/** A model's figures on a text. Intervals are 95 % intervals by the bootstrap. `null` stands for an undefined figure, or too few units. */
export interface TextFigures extends Perplexity {
  /** Number of units that the bootstrap resamples: documents, or sentences in files without documents. */
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
  /** 95 % interval of `perplexity`; `null` for a text of one unit. */
  readonly interval: Interval | null;
  /** The interval of `perplexityExcludingOov`. */
  readonly intervalExcludingOov: Interval | null;
}

/** Means over files, in which every file has the same weight: bits are averaged, so perplexity is a geometric mean. */
export interface MacroFigures {
  /** Geometric mean of the perplexities of the files. */
  readonly perplexity: number | null;
  /** Its 95 % interval. */
  readonly interval: Interval | null;
  /** Geometric mean of the files' perplexities over the tokens in the vocabulary. */
  readonly perplexityExcludingOov: number | null;
  /** Its 95 % interval. */
  readonly intervalExcludingOov: Interval | null;
  /** Mean over the files of −log2 p a token. */
  readonly bitsPerToken: number | null;
  /** Mean over the files of −log2 p a code point; `null` with OOVs. */
  readonly bitsPerCharacter: number | null;
  /** Mean over the files of −log2 p a byte; `null` with OOVs. */
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
  /** How its counts were smoothed. */
  readonly smoothing: Smoothing;
  /** Length of its longest n-grams. */
  readonly order: number;
  /** Number of distinct n-grams that the model counts, those of skip patterns included. */
  readonly ngrams: number;
  /** Bytes on disk. */
  readonly bytes: number;
  /** Seconds that training took, without tuning. */
  readonly trainSeconds: number;
  /** `null` for a model without weights to tune. */
  readonly tuneSeconds: number | null;
  /** Seconds that loading the tables took; `null` if blocks were read as needed. */
  readonly loadSeconds: number | null;
  /** Seconds that scoring all test files took, on one thread. */
  readonly scoreSeconds: number;
  /** Figures of each test file. */
  readonly files: readonly (TextFigures & {
    /** Its path. */
    readonly file: string;
  })[];
  /** All files as one text: each token counts alike. */
  readonly micro: TextFigures;
  /** Means over the files, each with the same weight, whatever its length. */
  readonly macro: MacroFigures;
}

/** The paired bootstrap of two models over all test files. */
export interface Comparison {
  /** The name of a model. */
  readonly model: string;
  /** The name of the model that it is compared to. */
  readonly against: string;
  /** Perplexity of `model` minus that of `against`. */
  readonly difference: number | null;
  /** 95 % interval of `difference`, by the paired bootstrap. */
  readonly interval: Interval | null;
  /** `difference` divided by the perplexity of `against`. */
  readonly relative: number | null;
  /** Two-sided p of the difference, at least 2/(resamples + 1). */
  readonly p: number | null;
}

/** A perplexity from the literature beside that of our model. */
export interface PublishedFigure {
  /** Its name in the publication. */
  readonly model: string;
  /** The published perplexity. */
  readonly perplexity: number;
  /** The publication. */
  readonly source: string;
  /** Name of our model of the same kind; `null` without such a model. */
  readonly counterpart: string | null;
  /** Perplexity of that model over all test files. */
  readonly ours: number | null;
}

/** The result of `baseline`, and the content of `baseline.json`. */
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
    /** Its tokens, `</s>` counted. */
    readonly tokens: number;
    /** Number of types, with `</s>` and `<unk>`. */
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
  /** A sentence for each thing in the texts that was replaced or left out. */
  readonly warnings: readonly string[];
}
