/** What to predict, and after what. */
export interface PredictOptions {
  /** How many tokens, from 1 on. Default 10. */
  readonly k?: number;
  /** Whether the history begins a sentence: `<s>` stands before it. Default true. */
  readonly start?: boolean;
  /** Whether `<unk>` is predicted too, which stands for all unknown words. Default false. */
  readonly unknown?: boolean;
  /** Whether each prediction says what every pattern gave it. Default false. */
  readonly explain?: boolean;
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
