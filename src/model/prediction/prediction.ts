import {
  checkFlag,
  checkOptions,
  checkText,
  listOf,
  optionError,
  wholeNumber,
  type OptionTable,
} from '../../base/check.js';
import { KneserError } from '../../base/errors.js';
import { checkSentence, type Sentence } from '../../text/sentences.js';

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
  /** Predicts only words whose text begins with this one, which is normalised and lower-cased as the model does it with texts. */
  readonly prefix?: string;
  /**
   * A mark that stands once in the text, such as `___`. The text is then a whole sentence, and the words that the mark stands for are
   * predicted from both sides. `gapLength`, `options`, `startsWith` and `endsWith` may only be given with a gap.
   */
  readonly gap?: string;
  /** How many tokens fill the gap: a number, or the fewest and the most. Default 1. */
  readonly gapLength?: number | readonly [least: number, most: number];
  /** The fillers to choose from. A filler with a token outside the vocabulary is left out, unless `unknown`: it then has the probability of `<unk>`, and its own text. `<s>` and `</s>` are refused. */
  readonly options?: readonly string[];
  /** Predicts only fillers whose text begins with this one, which is treated as `prefix` is. */
  readonly startsWith?: string;
  /** Predicts only fillers whose text ends with this one, which is treated as `prefix` is. */
  readonly endsWith?: string;
}

/** The most tokens of a filler. */
const LONGEST_FILLER = 10;

const checkFillerLength = wholeNumber(1, LONGEST_FILLER);

function checkNotEmpty(name: string, value: unknown): void {
  if (checkText(name, value) === '') throw new KneserError('KNESER_OPTION', `${name}: the text is empty`);
}

/** The default of `top`. */
const DEFAULT_TOP = 10;

const PREDICT_OPTIONS: OptionTable<PredictOptions> = {
  top: wholeNumber(1, Number.MAX_SAFE_INTEGER),
  k: wholeNumber(1, Number.MAX_SAFE_INTEGER),
  start: checkFlag,
  unknown: checkFlag,
  explain: checkFlag,
  prefix: checkNotEmpty,
  gap: checkNotEmpty,
  gapLength: (name, value) => {
    const lengths: readonly unknown[] = Array.isArray(value) ? value : [value, value];
    for (const length of lengths) checkFillerLength(name, length);
    if (lengths.length !== 2) throw optionError(name, value, 'a number of tokens, or the fewest and the most');
    const [least, most] = lengths as [number, number];
    if (least > most) {
      throw new KneserError('KNESER_OPTION', `${name}: the fewest tokens, ${least}, are more than the most, ${most}`);
    }
  },
  options: (name, value) => {
    listOf(checkNotEmpty)(name, value);
    if ((value as unknown[]).length === 0) throw new KneserError('KNESER_OPTION', `${name}: the list is empty`);
  },
  startsWith: checkNotEmpty,
  endsWith: checkNotEmpty,
};

/** The options that belong to `gap`. */
const GAP_OPTIONS = ['gapLength', 'options', 'startsWith', 'endsWith'] as const;

/** The options of a prediction, with defaults. */
export type CheckedPredictOptions = Required<Pick<PredictOptions, 'top' | 'start' | 'unknown' | 'explain'>> &
  Pick<PredictOptions, 'prefix' | 'gap' | 'gapLength' | 'options' | 'startsWith' | 'endsWith'>;

/** Checks the options of a prediction, and fills in the defaults. @throws KNESER_OPTION */
export function checkPredictOptions(options: PredictOptions): CheckedPredictOptions {
  checkOptions('predict', options, PREDICT_OPTIONS);
  // oxlint-disable-next-line typescript/no-deprecated -- read until 1.0.
  const { top, k, start = true, unknown = false, explain = false, ...others } = options;
  const refuse = (message: string): never => {
    throw new KneserError('KNESER_OPTION', message);
  };
  if (top !== undefined && k !== undefined) refuse('k: is the old name of top; leave it out');
  if (others.gap === undefined) {
    const own = GAP_OPTIONS.find(name => others[name] !== undefined);
    if (own) refuse(`${own}: belongs to gap, the mark of the gap in the text`);
  } else {
    if (others.prefix !== undefined)
      refuse('prefix: excludes gap, for which startsWith gives the beginning of a filler');
    if (explain) refuse('explain: excludes gap, whose probabilities have a factor for each token of the right side');
    const own = (['gapLength', 'startsWith', 'endsWith'] as const).find(name => others[name] !== undefined);
    if (others.options && own) refuse(`${own}: excludes options, which are the fillers themselves`);
  }
  if (others.prefix !== undefined && unknown) refuse('unknown: excludes prefix, since <unk> has no letters');
  return { top: top ?? k ?? DEFAULT_TOP, start, unknown, explain, ...others };
}

/** The texts on both sides of a gap. @throws KNESER_OPTION unless the mark stands there once. */
export function sidesOf(text: Sentence, gap: string): [left: Sentence, right: Sentence] {
  checkSentence(text);
  const at = text.indexOf(gap);
  if (at < 0 || text.includes(gap, at + 1)) {
    const shown = JSON.stringify(typeof text === 'string' ? text : text.join(' '));
    throw new KneserError('KNESER_OPTION', `gap: ${gap} stands ${at < 0 ? 'nowhere' : 'more than once'} in ${shown}`);
  }
  return [text.slice(0, at), text.slice(at + (typeof text === 'string' ? gap.length : 1))];
}

/** A token that may come next. */
export interface Prediction {
  /** A word, or `</s>`; never `<s>`. For a filler of several tokens, the tokens with spaces between them. */
  readonly token: string;
  /** The tokens of a filler; present with `gap`. */
  readonly tokens?: readonly string[];
  /** p(token | history); with `gap`, the share of the filler in the probability of all fillers that were looked at. */
  readonly probability: number;
  /** log10 of `probability`. */
  readonly log10Prob: number;
  /** The length of the longest n-gram of the model that ends at the token, or at the last token of a filler [tokens]. */
  readonly matched: number;
  /** The parts of the probability; present with `explain: true`. */
  readonly explanation?: Explanation;
}

/** A probability as the sum of the patterns' parts and `uniform`. */
export interface Explanation {
  /** The patterns that have a count of the token after this history, by falling part of the probability. */
  readonly patterns: readonly PatternPart[];
  /** The part of the uniform distributions: the same for every token, unless the model has classes: they add p(token | class) times their uniform part. */
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
