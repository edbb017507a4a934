import {
  checkFlag,
  checkFunction,
  checkOptions,
  checkSignal,
  oneOf,
  optionError,
  wholeNumber,
  type OptionTable,
} from '../../base/check.js';
import { KneserError } from '../../base/errors.js';
import { checkSentences, type Sentences } from '../../text/sentences.js';
import { positive, TRUNCATION_OPTIONS, type TruncationOptions } from './truncation.js';

/** Which tokens are drawn, and how many of them for a text. */
export interface DrawingOptions extends TruncationOptions {
  /** The largest number of tokens that are drawn for a text. A text without `</s>` ends after this many. Default 200. */
  readonly maxTokens?: number;
  /**
   * Mirostat (Basu et al. 2021): the target for the mean surprise −log2 p of the drawn tokens [bits]. Each text starts from the bound at
   * which the text before it ended.
   */
  readonly mirostat?: number;
  /** Mirostat changes its bound by this share of the distance between the last token's surprise and the target. Default 0.1. */
  readonly mirostatRate?: number;
  /** 2 (default) keeps the tokens whose surprise is at most the bound; 1 computes the number of tokens to keep by Zipf's law. */
  readonly mirostatVersion?: 1 | 2;
}

/** How many texts are drawn, how they begin and end, and which tokens may be drawn. */
export interface GenerateOptions extends DrawingOptions {
  /** The beginnings of texts, each a text or its tokens; `<s>` stands before them. Default: one empty beginning. */
  readonly beginnings?: Sentences;
  /** How many texts are drawn for each beginning. Default 1. */
  readonly count?: number;
  /** How many texts are drawn in all; the beginnings are used in turn. */
  readonly sentences?: number;
  /** Texts are drawn until they have this many tokens, `</s>` counted and beginnings not; the beginnings are used in turn. */
  readonly tokens?: number;
  /** Seed of the draws. The same seed draws the same texts in every engine. Default 1. */
  readonly seed?: number;
  /** Takes the most probable token each time instead of drawing. Default false. */
  readonly greedy?: boolean;
  /** Beam search instead of drawing: its width, which is also the number of texts that are returned, the most probable ones found. */
  readonly beam?: number;
  /** How `text` is made of tokens: `joined` reverses the model's tokenizer, as far as tokens tell (default), `tokens` puts spaces between all tokens. */
  readonly text?: 'joined' | 'tokens';
  /** Called with a sentence about a problem that does not prevent the work. */
  readonly onWarning?: (warning: string) => void;
  /** Stops the work when aborted. */
  readonly signal?: AbortSignal;
}

const whole = wholeNumber(1, Number.MAX_SAFE_INTEGER);

/** The widest beam. */
const MOST_BEAMS = 10_000;

/** The largest `maxTokens`, so that the random numbers of one text suffice for its draws. */
export const MOST_TOKENS = 2 ** 20;

/** The checks of {@link DrawingOptions}. */
export const DRAWING_OPTIONS: OptionTable<DrawingOptions> = {
  maxTokens: wholeNumber(1, MOST_TOKENS),
  ...TRUNCATION_OPTIONS,
  mirostat: positive(Infinity),
  mirostatRate: positive(Infinity),
  mirostatVersion: (name, value) => {
    if (value !== 1 && value !== 2) throw optionError(name, value, '1 or 2');
  },
};

/** The names of {@link DrawingOptions}. */
export const DRAWING_NAMES = Object.keys(DRAWING_OPTIONS) as (keyof DrawingOptions)[];

const GENERATE_OPTIONS: OptionTable<GenerateOptions> = {
  beginnings: (name, value) => {
    if (typeof value === 'string') throw optionError(name, value, 'a list of texts');
    checkSentences(value);
  },
  count: whole,
  sentences: whole,
  tokens: whole,
  seed: wholeNumber(0, Number.MAX_SAFE_INTEGER),
  ...DRAWING_OPTIONS,
  greedy: checkFlag,
  beam: wholeNumber(1, MOST_BEAMS),
  text: oneOf(['joined', 'tokens']),
  onWarning: checkFunction,
  signal: checkSignal,
};

const TRUNCATIONS = ['topK', 'topP', 'minP', 'typical', 'epsilon', 'eta'] as const;
const AMOUNTS = ['count', 'sentences', 'tokens'] as const;

/** Options that exclude others: if the first is given, none of the list may be given, for the reason in the string. */
const EXCLUSIONS: readonly (readonly [keyof GenerateOptions, readonly (keyof GenerateOptions)[], string])[] = [
  ['mirostat', TRUNCATIONS, 'mirostat chooses the tokens itself'],
  ['greedy', ['beam', 'temperature', ...TRUNCATIONS, 'mirostat', 'seed', ...AMOUNTS], 'greedy draws nothing'],
  ['beam', ['temperature', ...TRUNCATIONS, 'mirostat', 'seed', ...AMOUNTS], 'beam search draws nothing'],
  ['count', ['sentences', 'tokens'], 'the number of texts is given once'],
  ['sentences', ['tokens'], 'the number of texts is given once'],
];

/** Checks the options of `generate`. @throws KNESER_OPTION */
export function checkGenerateOptions(options: GenerateOptions): void {
  checkOptions('generate', options, GENERATE_OPTIONS);
  const isGiven = (name: keyof GenerateOptions): boolean => options[name] !== undefined && options[name] !== false;
  for (const [name, others, why] of EXCLUSIONS) {
    const other = isGiven(name) ? others.find(isGiven) : undefined;
    if (other !== undefined) throw new KneserError('KNESER_OPTION', `${other}: excludes ${name}, since ${why}`);
  }
  for (const name of ['mirostatRate', 'mirostatVersion'] as const) {
    if (isGiven(name) && !isGiven('mirostat')) {
      throw new KneserError('KNESER_OPTION', `${name}: belongs to mirostat, which needs a target in bits`);
    }
  }
}

/** A text that a model made. */
export interface GeneratedText {
  /** The whole text, with its beginning, without `<s>` and `</s>`. */
  readonly text: string;
  /** The beginning of the text; missing without `beginnings`. */
  readonly beginning?: string;
  /**
   * The drawn tokens, without the beginning; the last is `</s>`, unless the text was cut. They are in the order of drawing, which in a
   * model with another word order than `forward` is not that of `text`.
   */
  readonly tokens: readonly string[];
  /** By token, log10 p in the model: before truncation and temperature, and with `<unk>` among the types. */
  readonly log10Probs: Float64Array;
  /** The sum of `log10Probs`. */
  readonly log10Prob: number;
  /** By token, from how many types it was drawn; missing with `beam`. */
  readonly kept?: Uint32Array;
  /** By token, mirostat's bound of the surprise when it was drawn [bits]; missing without mirostat. */
  readonly mu?: Float64Array;
}
