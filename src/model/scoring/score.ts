import { checkFlag, checkThreads, optionError, WORK_OPTIONS, type OptionTable } from '../../base/check.js';
import { KneserError } from '../../base/errors.js';
import { withJsonArrays } from '../../base/json.js';
import type { WorkOptions } from '../../base/progress.js';
import type { SentenceEnds } from '../../smoothing/batch.js';
import { TextCache } from '../../smoothing/cache/text-cache.js';
import { orNull, perplexityOf } from './perplexity.js';

/** How a text is scored. */
export interface TextOptions extends WorkOptions {
  /** Whether `<s>` stands before each sentence. Default true. */
  readonly start?: boolean;
  /** Whether `</s>` is scored after each sentence, and counted as a token. Default true. */
  readonly end?: boolean;
  /**
   * Mixes in a cache of the text so far, which is empty at the beginning of each text. For running text: the score of a sentence
   * then depends on the sentences before. Needs tuned weights. Default false.
   */
  readonly cache?: boolean;
}

/** The checks of {@link TextOptions}. */
export const TEXT_OPTIONS: OptionTable<TextOptions> = {
  start: checkFlag,
  end: checkFlag,
  cache: checkFlag,
  ...WORK_OPTIONS,
};

/** How the sentences of a text begin and end. */
export function endsOf({ start = true, end = true }: TextOptions): SentenceEnds {
  return { start, end };
}

/** How to score a sentence. */
export interface ScoreOptions {
  /** Whether the text begins a sentence: `<s>` stands before it. Default true. */
  readonly start?: boolean;
  /** Whether the text ends a sentence: `</s>` is scored after it. Default true. */
  readonly end?: boolean;
  /** The running text that the sentence belongs to, from `createCache`; the sentence becomes part of it. */
  readonly cache?: TextCache | undefined;
}

/** The checks of {@link ScoreOptions}. */
export const SCORE_OPTIONS: OptionTable<ScoreOptions> = {
  start: checkFlag,
  end: checkFlag,
  cache: (name, value) => {
    if (!(value instanceof TextCache)) throw optionError(name, value, 'a cache that createCache made');
  },
};

/** How the sentences of `scoreEach` are scored. */
export interface ScoreEachOptions extends Pick<ScoreOptions, 'start' | 'end'> {
  /** Number of threads that score. Default: one for each core. The scores do not depend on the number. */
  readonly threads?: number;
}

/** The checks of {@link ScoreEachOptions}. */
export const SCORE_EACH_OPTIONS: OptionTable<ScoreEachOptions> = {
  start: SCORE_OPTIONS.start,
  end: SCORE_OPTIONS.end,
  threads: checkThreads,
};

/** The most tokens of a sentence: its tokens and scores are all in memory at once and take about 200 bytes for each token. */
export const MOST_TOKENS = 0x40_0000;

/** Refuses a sentence that is scored at one go. @param tokens how many tokens it has. */
export function sentenceTooLong(tokens: string): KneserError {
  return new KneserError(
    'KNESER_LIMIT',
    `a sentence of ${tokens} tokens is too long to be scored as one; split it, or use kneser perplexity`,
  );
}

/** A scored sentence. All arrays have one entry for each token; the last token is `</s>` unless `end` is false. */
export interface Score {
  /** The tokens as the model reads them: lower-cased if it lower-cases text; OOVs are not replaced by `<unk>`. */
  readonly tokens: string[];
  /** log10 p(token | history). */
  readonly log10Probs: Float64Array;
  /** The length of the longest n-gram of the model that ends at the token [tokens]; 1 for a token outside the vocabulary. */
  readonly matched: Uint8Array;
  /** Whether the token is outside the vocabulary. */
  readonly oov: boolean[];
  /** Σ log10 p. */
  readonly log10Prob: number;
  /** 10^(−log10Prob / tokens); `null` for a sentence without tokens. */
  readonly perplexity: number | null;
}

/** The score of a sentence, from the scores of its tokens. @param log10Prob Σ of `log10Probs`. */
export function scoreOf({ tokens, log10Probs, matched, oov, log10Prob }: Omit<Score, 'perplexity'>): Score {
  const perplexity = orNull(perplexityOf(log10Prob, tokens.length));
  return withJsonArrays({ tokens, log10Probs, matched, oov, log10Prob, perplexity });
}

/** The score of one token. */
export interface TokenScore {
  /** log10 p(token | history). */
  readonly log10Prob: number;
  /** The length of the longest n-gram of the model that ends at the token [tokens]; 1 for a token outside the vocabulary. */
  readonly matched: number;
  /** Whether the token is outside the vocabulary. */
  readonly oov: boolean;
}
