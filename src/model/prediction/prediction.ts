import { checkFlag, checkOptions, wholeNumber, type OptionTable } from '../../base/check.js';
import { KneserError } from '../../base/errors.js';

/** How many tokens to predict, and how. */
export interface PredictOptions {
  /** How many tokens are predicted: 1 or more. Default 10. */
  readonly top?: number;
  /** @deprecated The name of `top` in version 0.1; it is read until 1.0. */
  readonly k?: number;
  /** Whether the history begins a sentence, so that `<s>` stands before it. Default true. */
  readonly start?: boolean;
  /** Whether `<unk>`, which stands for all unknown words, is predicted too. Default false. */
  readonly unknown?: boolean;
  /** Whether each prediction has an `explanation`: the parts of its probability by pattern. Default false. */
  readonly explain?: boolean;
}

/** The default of `top`. */
const DEFAULT_TOP = 10;

const PREDICT_OPTIONS: OptionTable<PredictOptions> = {
  top: wholeNumber(1, Number.MAX_SAFE_INTEGER),
  k: wholeNumber(1, Number.MAX_SAFE_INTEGER),
  start: checkFlag,
  unknown: checkFlag,
  explain: checkFlag,
};

/** Checks the options of a prediction, and fills in the defaults. @throws KNESER_OPTION */
export function checkPredictOptions(options: PredictOptions): Required<Omit<PredictOptions, 'k'>> {
  checkOptions('predict', options, PREDICT_OPTIONS);
  // eslint-disable-next-line @typescript-eslint/no-deprecated -- read until 1.0.
  const { top, k, start = true, unknown = false, explain = false } = options;
  if (top !== undefined && k !== undefined) {
    throw new KneserError('KNESER_OPTION', 'k: is the old name of top; leave it out');
  }
  return { top: top ?? k ?? DEFAULT_TOP, start, unknown, explain };
}

/** A token that may come next. */
export interface Prediction {
  /** A word, or `</s>`; never `<s>`. */
  readonly token: string;
  /** p(token | history). */
  readonly probability: number;
  /** log10 of `probability`. */
  readonly log10Prob: number;
  /** The length of the longest n-gram of the model that ends at the token [tokens]. */
  readonly matched: number;
  /** The parts of the probability; present with `explain: true`. */
  readonly explanation?: Explanation;
}

/** A probability as a sum: of the patterns' parts and `uniform`. */
export interface Explanation {
  /** The patterns that have a count of the token after this history, by falling part of the probability. */
  readonly patterns: readonly PatternPart[];
  /** The part of the uniform distribution, the same for every token. */
  readonly uniform: number;
}

/** A pattern's part of a token's probability: the token's discounted count over the context's total, times the pattern's weight. */
export interface PatternPart {
  /** The pattern, written as in {@link TableInfo}; with `c` instead of `1`, a pattern of the class model. */
  readonly pattern: string;
  /** The pattern's part of the probability. */
  readonly probability: number;
}

/** How the history of a distribution begins. */
export interface DistributionOptions {
  /** Whether the history begins a sentence: `<s>` stands before it. Default true. */
  readonly start?: boolean;
}

/** The checks of {@link DistributionOptions}. */
export const DISTRIBUTION_OPTIONS: OptionTable<DistributionOptions> = { start: checkFlag };
