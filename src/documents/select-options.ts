import {
  checkFunction,
  checkOptions,
  checkPaths,
  checkShare,
  checkText,
  listOf,
  members,
  oneOf,
  optionError,
  refuseWith,
  refuseWithout,
  required,
  wholeNumber,
  WORK_OPTIONS,
  type Check,
  type OptionTable,
} from '../base/check.js';
import { KneserError } from '../base/errors.js';
import type { WorkOptions } from '../base/progress.js';
import { DOCUMENT_OPTIONS, type DocumentOptions } from '../text/formats/corpus.js';
import type { Kept } from './choices.js';
import type { SelectionReport } from './selection-report.js';
import { checkShard, type Shard } from './stream.js';

/** Buckets from the lowest figures to the highest. Each bucket except the last ends at a percentile or at a figure. */
export interface BucketChoice {
  /** The names of the buckets, of letters, digits, _ and -: they become names of files. */
  readonly names: readonly string[];
  /** The percentiles (0 to 100) at which the buckets end, ascending; one less than `names`. A bucket has the figures strictly below its end, as in CCNet. */
  readonly percentiles?: readonly number[];
  /** The figures at which the buckets end, in place of percentiles. */
  readonly at?: readonly number[];
}

/** A random sample by BERTIN's probabilities, or weights after SoftDedup. */
export type SampleChoice =
  | {
      /** How a document's probability depends on its figure (de la Rosa et al. 2022). */
      readonly how: 'gaussian' | 'stepwise';
      /** The share of documents that is kept on average. */
      readonly share: number;
    }
  | {
      /** Weights that fall with commonness (after He et al. 2024). Without `count`, all documents are returned, each with its weight. */
      readonly how: 'inverse';
      /** Number of segments, which have equally many tokens. Default 20. */
      readonly segments?: number;
      /** The highest weight divided by the lowest. Default 10. */
      readonly ratio?: number;
      /** The number of documents that are drawn, with probabilities proportional to their weights. Default: no draw. */
      readonly count?: number;
    };

/** The files that {@link select} reads, and the method. Exactly one method must be given: `min`/`max`, `keep`, `buckets`, `sample`, `resample`, `top` or `label`. */
export interface SelectOptions extends DocumentOptions, WorkOptions {
  /** Files of objects with figures: JSON lines or Parquet. They are read twice. */
  readonly files: readonly string[];
  /** The path of the figure, a number in the objects: such as `kneser.perplexity`, or the `loss` of another model. */
  readonly by: string;
  /** Keeps documents whose figure is at least this. */
  readonly min?: number;
  /** Keeps documents whose figure is at most this. */
  readonly max?: number;
  /** Keeps a share of the documents by rank, or with `of: 'tokens'` of the tokens. */
  readonly keep?: {
    /** The part that is kept, of all documents in the order of their figures. */
    readonly which: Kept;
    /** The share that is kept, from 0 to 1. */
    readonly share: number;
    /** Whether `share` is a share of the documents or of their tokens. Default `documents`. */
    readonly of?: 'documents' | 'tokens';
  };
  /** Sorts documents into buckets. */
  readonly buckets?: BucketChoice;
  /** Takes a random sample. */
  readonly sample?: SampleChoice;
  /** The number of documents to draw without replacement, with probabilities proportional to base^(figure / temperature), as in DSIR. */
  readonly resample?: number;
  /** Keeps this many documents: those with the highest figures. */
  readonly top?: number;
  /** Chooses no documents, but measures how well the figure finds the documents whose member `field` has the value `value`. */
  readonly label?: {
    /** The name of a member. */
    readonly field: string;
    /** The value as text, such as `true` or `5`. */
    readonly value: string;
  };
  /** Divides the figures before `resample`. Default 1. */
  readonly temperature?: number;
  /** The base of the logarithms that are the figures of `resample`. Default 10, as in kneser; 2.718281828459045 for natural logarithms. */
  readonly logBase?: number;
  /** Leaves out documents of fewer tokens. Default 0. Sums of log ratios reward length: DSIR leaves out documents of fewer than 100. */
  readonly minTokens?: number;
  /** The path of the number of tokens. Default: the member `tokens` beside the figure, or beside an object that holds it. */
  readonly tokens?: string;
  /** Takes shares and quantiles among the documents that have the same value of this member, such as a language or a domain. */
  readonly within?: string;
  /** The number of bins by length in tokens, with equally many documents each: shares and quantiles are taken within each bin. */
  readonly lengthBins?: number;
  /** A whole number. Default 1. The same seed chooses the same documents, whatever the shards. */
  readonly seed?: number;
  /** The part of the documents that is returned. All documents take part in the choice. */
  readonly shard?: Shard;
  /**
   * The share of the documents, from 0 to 1, that a random sample has: all other documents are ignored and not parsed, for a first look at
   * large files. Default 1.
   */
  readonly sampleRate?: number;
  /** Number of resamples of the bootstrap of `label`. Default 200. */
  readonly resamples?: number;
  /** Called with the report after the last document. */
  readonly onReport?: (report: SelectionReport) => void;
  /** Called with one sentence for each thing that may be wrong with the input. */
  readonly onWarning?: (warning: string) => void;
  /** A member that names documents in the report. Default `id`. */
  readonly id?: string;
}

const number: Check = (name, value) => {
  if (!(typeof value === 'number' && Number.isFinite(value))) throw optionError(name, value, 'a number');
};
const above =
  (least: number): Check =>
  (name, value) => {
    if (!(typeof value === 'number' && value > least && value < Infinity)) {
      throw optionError(name, value, `a number above ${least}`);
    }
  };
const share: Check = (name, value) => checkShare(name, value, 1);
const count = wholeNumber(1, Number.MAX_SAFE_INTEGER);

/** The checks of {@link SelectOptions}. */
const SELECT_OPTIONS: OptionTable<SelectOptions> = {
  files: required(checkPaths),
  by: required(checkText),
  min: number,
  max: number,
  keep: members({
    which: required(oneOf(['lowest', 'middle', 'highest'])),
    share: required(share),
    of: oneOf(['documents', 'tokens']),
  }),
  buckets: checkBuckets,
  sample: checkSample,
  resample: count,
  top: count,
  label: members({ field: required(checkText), value: required(checkText) }),
  temperature: above(0),
  logBase: above(1),
  minTokens: wholeNumber(0, Number.MAX_SAFE_INTEGER),
  tokens: checkText,
  within: checkText,
  lengthBins: wholeNumber(1, 1000),
  seed: wholeNumber(0, Number.MAX_SAFE_INTEGER),
  shard: checkShard,
  sampleRate: (name, value) => {
    if (!(typeof value === 'number' && value > 0 && value <= 1))
      throw optionError(name, value, 'a share above 0 and at most 1');
  },
  resamples: wholeNumber(0, 100_000),
  onReport: checkFunction,
  onWarning: checkFunction,
  id: checkText,
  ...DOCUMENT_OPTIONS,
  ...WORK_OPTIONS,
};

function checkBuckets(name: string, value: unknown): void {
  const ascending: Check = (list, numbers) => {
    listOf(number)(list, numbers);
    const ends = numbers as readonly number[];
    const early = ends.find((end, i) => i > 0 && end < ends[i - 1]);
    if (early !== undefined) throw optionError(list, early, 'at least the end before it');
  };
  const percentiles: Check = (list, numbers, options) => {
    ascending(list, numbers, options);
    const ends = numbers as readonly number[];
    const outside = ends.find(end => end < 0 || end > 100);
    if (outside !== undefined) throw optionError(list, outside, 'a percentile from 0 to 100');
  };
  const fileName: Check = (list, text) => {
    if (!/^[\w-]+$/.test(checkText(list, text))) throw optionError(list, text, 'a name of letters, digits, _ and -');
  };
  members({ names: required(listOf(fileName)), percentiles, at: ascending })(name, value);
  const { names, percentiles: shares, at } = value as BucketChoice;
  const ends = shares ?? at;
  if ((shares === undefined) === (at === undefined) || ends?.length !== names.length - 1) {
    throw optionError(name, value, 'names and one end less: percentiles, or figures (at)');
  }
  if (new Set(names).size < names.length) throw optionError(name, names.join(), 'a list of different names');
}

function checkSample(name: string, value: unknown): void {
  members({
    how: required(oneOf(['gaussian', 'stepwise', 'inverse'])),
    share,
    segments: wholeNumber(1, 100_000),
    ratio: (member: string, ratio: unknown) => {
      if (!(typeof ratio === 'number' && ratio >= 1 && ratio < Infinity))
        throw optionError(member, ratio, 'at least 1');
    },
    count,
  })(name, value);
  const given = value as { readonly how: string; readonly share?: number };
  if ((given.how === 'inverse') === (given.share === undefined)) return;
  const fault = given.how === 'inverse' ? 'takes no share' : 'needs a share, such as 0.3';
  throw new KneserError('KNESER_OPTION', `${name}: ${given.how} ${fault}`);
}

/** The options that name a method. */
const METHODS = ['keep', 'buckets', 'sample', 'resample', 'top', 'label'] as const;

/** Checks the options of `select`, each by itself and together. @throws KNESER_OPTION */
export function checkSelectOptions(options: SelectOptions): void {
  checkOptions('select', options, SELECT_OPTIONS);
  const { min, max, resample, label, within, lengthBins, top } = options;
  const given = METHODS.filter(name => options[name] !== undefined);
  const methods = given.length + (min === undefined && max === undefined ? 0 : 1);
  if (methods !== 1) {
    throw new KneserError(
      'KNESER_OPTION',
      `select: it takes one method, not ${methods}: min and max, ${METHODS.join(', ')}; there is no default`,
    );
  }
  if (min !== undefined && max !== undefined && min > max) {
    throw new KneserError('KNESER_OPTION', `min: ${min} is above max, ${max}: no figure lies between them`);
  }
  if (resample === undefined) refuseWithout(options, ['temperature', 'logBase'], 'resample');
  if (label === undefined) refuseWithout(options, ['resamples'], 'label');
  else
    refuseWith(options, ['within', 'lengthBins', 'shard'], 'label, with which no documents are chosen; leave it out');
  if ((within ?? lengthBins) !== undefined && (resample ?? top) !== undefined) {
    throw new KneserError(
      'KNESER_OPTION',
      `${within === undefined ? 'lengthBins' : 'within'}: resample and top choose a number of documents from all; leave it out, or use keep`,
    );
  }
}
