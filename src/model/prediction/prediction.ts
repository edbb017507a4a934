import { checkFlag, checkOptions, wholeNumber, type OptionTable } from '../../base/check.js';
import { KneserError } from '../../base/errors.js';

/** What to predict, and after what. */
export interface PredictOptions {
  /** How many tokens, from 1 on. Default 10. */
  readonly top?: number;
  /** @deprecated The name of `top` in version 0.1; it is read until 1.0. */
  readonly k?: number;
  /** Whether the history begins a sentence: `<s>` stands before it. Default true. */
  readonly start?: boolean;
  /** Whether `<unk>` is predicted too, which stands for all unknown words. Default false. */
  readonly unknown?: boolean;
  /** Whether each prediction says what every pattern gave it. Default false. */
  readonly explain?: boolean;
}

/** Tokens that are predicted where `top` is not given. */
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
  /** The length of the longest n-gram found that ends at the token. */
  readonly matched: number;
  /** Where it was asked for. */
  readonly explanation?: Explanation;
}

/** Where a probability comes from: the sum of the patterns' parts and `uniform`. */
export interface Explanation {
  /** The patterns that saw the token after this history, by what they give it, falling. */
  readonly patterns: readonly PatternPart[];
  /** What every token has of the uniform distribution. */
  readonly uniform: number;
}

/** What a pattern gives a token: its discounted count there over the context's total, times the pattern's weight. */
export interface PatternPart {
  /** As in {@link TableInfo}; with `c` in place of `1`, a pattern of the class model. */
  readonly pattern: string;
  /** Its part of the probability. */
  readonly probability: number;
}
