import type { Progress } from '../../base/progress.js';
import {
  checkFlag,
  checkFunction,
  checkInteger,
  checkList,
  checkMemory,
  checkObject,
  checkOneOf,
  checkPath,
  checkPaths,
  checkShare,
  checkText,
  checkThreads,
  listOf,
  members,
  oneOf,
  required,
  wholeNumber,
  WORK_OPTIONS,
  type Check,
  type OptionTable,
} from '../../base/check.js';
import { KneserError } from '../../base/errors.js';
import type { VocabularyChoice } from '../../count/vocabulary.js';
import { choosePatterns, formatPattern, MAX_ORDER, type PatternChoice } from '../../tables/pattern.js';
import { pruningByCounts } from '../../tables/pruning.js';
import { DOCUMENT_OPTIONS, type DocumentOptions } from '../../text/formats/corpus.js';
import { checkSentences, type Sentences } from '../../text/sentences.js';
import {
  checkTokenization,
  describeTokenization,
  type PretrainedTokenizer,
  type TokenizationOptions,
} from '../../text/tokenization.js';

/** Where the text comes from: files, or sentences. Exactly one of the two. */
export type TrainingText =
  | {
      /** Paths of text files, also packed, of `.jsonl` or `.parquet` files, of folders, or `-` for standard input. */
      readonly files: readonly string[];
      /** @internal */
      readonly sentences?: never;
    }
  | {
      /** Sentences, as text or as tokens. */
      readonly sentences: Sentences;
      /** @internal */
      readonly files?: never;
    };

/** What a model is made of, wherever it is made. */
export interface BuildOptions {
  /** The highest order of n-grams, 1 to 12. Default 5. */
  readonly order?: number;
  /** Which skip patterns are counted besides the contiguous ones. Default: none. */
  readonly patterns?: PatternChoice;
  /**
   * The share of sentences that is not counted but held out to tune the mixture's weights on: 0.02 takes every 50th.
   * Default 0: nothing is held out, and nothing tuned.
   */
  readonly holdOut?: number;
  /** Into how many classes words are grouped, for the class model that tuned weights mix in. Default 0: none. */
  readonly classes?: number;
  /**
   * By order from 1, n-grams that the text holds at most so often are dropped; the last threshold holds for all higher orders.
   * The first is 0, and none is less than the one before. As `lmplz --prune`. Default: nothing is dropped.
   */
  readonly prune?: readonly number[];
  /** Which words the model knows. Default: all. */
  readonly vocabulary?: VocabularyChoice;
  /** How text becomes sentences and tokens, here and whenever the model scores. Default: lines and white space. */
  readonly tokenization?: TokenizationOptions;
  /** Lower-cases every token, here and whenever the model scores. Default false. */
  readonly lowercase?: boolean;
  /** Leaves out lines without a token, here and whenever the model scores. Default false: they are empty sentences. */
  readonly skipBlank?: boolean;
  /** What to do with a literal `<s>` or `</s>`. Default `refuse`. */
  readonly reserved?: 'refuse' | 'drop';
  /** Told how far training has come, a few times a second at most stages. */
  readonly onProgress?: (progress: Progress) => void;
  /** Stops training when aborted, within a second. Nothing is left behind, unless it is one with `resume`. */
  readonly signal?: AbortSignal;
}

/** The most classes of words: pairs of classes are counted in a square table while words are clustered. */
const MOST_CLASSES = 4000;
/** The most sentences that may be held out: half of them. */
const MOST_HELD_OUT = 0.5;

/** What `kneser train --skip` and `kneser baseline` take for a mixture, unless told otherwise. */
export const MIXTURE_DEFAULTS = { holdOut: 0.02, classes: 300 } as const;

/** A flag of the command line that gives an option, or a part of one. */
export interface FlagText {
  /** As commander takes it: `-n, --order <n>`. */
  readonly flags: string;
  /** The sentence of `--help`. */
  readonly help: string;
  /** How the text of its value is read; a flag without one is a switch. */
  readonly value?: 'whole' | 'share' | 'names' | 'thresholds';
}

/** What a resume record keeps of an option, by label: the model follows from it. */
export type Kept = Readonly<Record<string, string | number | boolean>>;

/** What rows need to describe an option that is kept. */
export interface KeptAbout {
  /** A digest of texts or bytes, so that a record need not hold them. */
  readonly digest: (parts: Iterable<string | Uint8Array>) => string;
}

/** All there is to say of one option of a build. */
export interface OptionRow<Value> {
  /** Throws KNESER_OPTION for a value that the option does not take. */
  check(value: Value, options: BuildOptions): void;
  /** What holds where the option is not given; `undefined` where there is nothing then. */
  readonly fallback: Value | undefined;
  /** What a resume record keeps of it. @param value that of the options, or the fallback. */
  kept(value: Value | undefined, options: BuildOptions, about: KeptAbout): Kept;
  /** The form in which it is sent to a worker of a page, if not as it is. */
  readonly sent?: (value: Value) => Value;
  /** The flags of `kneser train`; those of several commands are declared beside each other in src/cli. */
  readonly flags: readonly FlagText[];
}

/** The options that a model follows from, by name. Those left out say who is told and who may stop the build. */
export type BuildOptionName = Exclude<keyof BuildOptions, 'onProgress' | 'signal'>;

/**
 * The options of a build: one row each, and every member of {@link BuildOptions} has one. The checks of the library, the flags of the
 * command line, what `--resume` compares, and what a page sends to its worker follow from the rows.
 */
export const BUILD_OPTIONS: { readonly [Name in BuildOptionName]-?: OptionRow<NonNullable<BuildOptions[Name]>> } = {
  order: {
    check: value => void checkInteger('order', value, 1, MAX_ORDER),
    fallback: 5,
    kept: (value = 5) => ({ order: value }),
    flags: [{ flags: '-n, --order <n>', help: `length of the longest n-grams, 1 to ${MAX_ORDER}`, value: 'whole' }],
  },
  patterns: {
    check: (value, options) => checkPatterns(orderOf(options), value),
    fallback: {},
    kept: (value = {}, options) => ({ patterns: choosePatterns(orderOf(options), value).map(formatPattern).join() }),
    flags: [
      {
        flags: '--skip',
        help: 'count all skip patterns of the order too, and tune a mixture of them on held-out sentences',
      },
      { flags: '--patterns <list>', help: 'count these skip patterns, such as 1_11,11_1', value: 'names' },
      { flags: '--max-gap <n>', help: 'leave out patterns that skip more than n words in a row', value: 'whole' },
      {
        flags: '--max-patterns <n>',
        help: 'count at most n patterns, the contiguous ones included',
        value: 'whole',
      },
    ],
  },
  holdOut: {
    check: value => void checkShare('holdOut', value, MOST_HELD_OUT),
    fallback: 0,
    kept: (value = 0) => ({ 'hold-out': value }),
    flags: [
      {
        flags: '--hold-out <share>',
        help: `share of sentences to tune on instead of counting (default with --skip: ${MIXTURE_DEFAULTS.holdOut})`,
        value: 'share',
      },
    ],
  },
  classes: {
    check: value => void checkInteger('classes', value, 0, MOST_CLASSES),
    fallback: 0,
    kept: (value = 0) => ({ classes: value }),
    flags: [
      {
        flags: '--classes <n>',
        help: `word classes of the class model mixed in (default with --skip: ${MIXTURE_DEFAULTS.classes})`,
        value: 'whole',
      },
    ],
  },
  prune: {
    check: (value, options) => {
      checkThresholds('prune', value);
      pruningByCounts(value, orderOf(options));
    },
    fallback: [],
    kept: (value = []) => ({ prune: value.join() }),
    flags: [
      {
        flags: '--prune <list>',
        help:
          'drop rare n-grams: one threshold for each order, the last also for higher ones. ' +
          '0,0,1 drops n-grams of order 3 and up that were seen once',
        value: 'thresholds',
      },
    ],
  },
  vocabulary: {
    check: checkVocabulary,
    fallback: { kind: 'all' },
    kept: (value = { kind: 'all' }, _options, about) => ({ vocabulary: describeVocabulary(value, about) }),
    sent: value => (value.kind === 'words' ? { kind: 'words', words: [...value.words] } : value),
    flags: [],
  },
  tokenization: {
    check: (value, options) => {
      checkTokenization('tokenization', value);
      describeTokenization(value, options.lowercase ?? false);
    },
    fallback: {},
    kept: (value = {}, { lowercase = false }, about) => {
      const { tokenizer, locale = '', sentences, normalize } = describeTokenization(value, lowercase);
      const pretrained = pretrainedTokenizer({ tokenization: value });
      const file = pretrained && ('json' in pretrained ? pretrained.json : pretrained.sentencepiece);
      return {
        tokenizer: file === undefined ? tokenizer : `${tokenizer} ${about.digest([file])}`,
        locale,
        sentences,
        normalize,
      };
    },
    flags: [],
  },
  lowercase: {
    check: value => void checkFlag('lowercase', value),
    fallback: false,
    kept: (value = false) => ({ lowercase: value }),
    flags: [],
  },
  skipBlank: {
    check: value => void checkFlag('skipBlank', value),
    fallback: false,
    kept: (value = false) => ({ 'skip-blank': value }),
    flags: [],
  },
  reserved: {
    check: value => void checkOneOf('reserved', value, ['refuse', 'drop']),
    fallback: 'refuse',
    kept: (value = 'refuse') => ({ reserved: value }),
    flags: [],
  },
};

/** The names of the options, in the order of the rows. */
export const BUILD_OPTION_NAMES = Object.keys(BUILD_OPTIONS) as BuildOptionName[];

/** One row with its value, whose types the compiler cannot pair by itself. */
function rowOf(name: BuildOptionName): OptionRow<unknown> {
  return BUILD_OPTIONS[name] as unknown as OptionRow<unknown>;
}

/** Checks every option that is given, in the order of the rows. @throws KNESER_OPTION, KNESER_TOKENIZER */
export function checkBuildOptions(options: BuildOptions): void {
  for (const name of BUILD_OPTION_NAMES) {
    const value: unknown = options[name];
    if (value !== undefined) rowOf(name).check(value, options);
  }
}

/** What a resume record keeps of the options, in the order of the rows. */
export function keptOptions(options: BuildOptions, about: KeptAbout): Kept {
  return Object.assign({}, ...BUILD_OPTION_NAMES.map(name => rowOf(name).kept(options[name], options, about))) as Kept;
}

/** The options that are given, in a form that a worker can be sent. */
export function sendableOptions(options: BuildOptions): BuildOptions {
  const given = BUILD_OPTION_NAMES.filter(name => options[name] !== undefined);
  return Object.fromEntries(
    given.map(name => {
      const value: unknown = options[name];
      return [name, rowOf(name).sent?.(value) ?? value];
    }),
  );
}

/** The order of a build. */
export function orderOf({ order = BUILD_OPTIONS.order.fallback }: BuildOptions): number {
  return checkInteger('order', order, 1, MAX_ORDER);
}

/** The tokenizer that training was given as the content of a file. */
export function pretrainedTokenizer({
  tokenization,
}: Pick<BuildOptions, 'tokenization'>): PretrainedTokenizer | undefined {
  return typeof tokenization?.tokenizer === 'object' ? tokenization.tokenizer : undefined;
}

/** Thresholds of counts; which of them fit each other is checked where the order is known. */
const checkThresholds = listOf(wholeNumber(0, Number.MAX_SAFE_INTEGER));

const PATTERN_CHOICE: OptionTable<PatternChoice> = {
  skip: checkFlag,
  list: listOf(checkText),
  maxGap: wholeNumber(0, MAX_ORDER),
  // An order n has 2^(n − 1) patterns.
  maxPatterns: wholeNumber(1, 2 ** (MAX_ORDER - 1)),
};

function checkPatterns(order: number, choice: PatternChoice): void {
  members(PATTERN_CHOICE)('patterns', choice);
  try {
    choosePatterns(order, choice);
  } catch (error) {
    throw new KneserError('KNESER_OPTION', `patterns: ${(error as Error).message}`, { cause: error });
  }
}

const ANY_KIND = required(oneOf(['all', 'words', 'limit', 'frequency']));

/** By kind of vocabulary the members that say which words it has. */
const VOCABULARY_KINDS: Readonly<Record<VocabularyChoice['kind'], Readonly<Record<string, Check>>>> = {
  all: { kind: ANY_KIND },
  words: { kind: ANY_KIND, words: required(checkList) },
  limit: { kind: ANY_KIND, limit: required(wholeNumber(1, Number.MAX_SAFE_INTEGER)) },
  frequency: { kind: ANY_KIND, atLeast: required(wholeNumber(1, Number.MAX_SAFE_INTEGER)) },
};

function checkVocabulary(choice: VocabularyChoice): void {
  const kind = checkObject('vocabulary', choice) as { readonly kind?: unknown };
  checkOneOf('vocabulary.kind', kind.kind, Object.keys(VOCABULARY_KINDS));
  members(VOCABULARY_KINDS[choice.kind])('vocabulary', choice);
}

function describeVocabulary(choice: VocabularyChoice, { digest }: KeptAbout): string {
  switch (choice.kind) {
    case 'all':
      return 'all';
    case 'limit':
      return `limit ${choice.limit}`;
    case 'frequency':
      return `frequency ${choice.atLeast}`;
    case 'words':
      return `words ${digest(choice.words)}`;
  }
}

/** What to train, and how. */
export type TrainOptions = TrainingText &
  DocumentOptions &
  BuildOptions & {
    /** The folder of the model. */
    readonly out: string;
    /** Bytes of memory to aim for; beyond them sorted runs go to the disk. Default: half of the machine's. */
    readonly memory?: number;
    /** Counting threads. Default: one a core. The model does not depend on it. */
    readonly threads?: number;
    /** Replaces a model that is in the folder. Default false. */
    readonly force?: boolean;
    /**
     * Goes on with a training that was broken off in this folder, from the text as it was read and the tables that were
     * complete; its model is that of a training that was not broken off. All other options but `memory` and `threads`, and the
     * files, must be those that it was begun with; sentences are not asked for again. Where there is nothing to go on with,
     * training begins anew. And if this one is broken off, by `signal` or an error, what it did is kept. Default false.
     */
    readonly resume?: boolean;
    /** Told at the beginning, with `resume`, how far the earlier training came; `undefined` where this one begins anew. */
    readonly onResume?: (reached: string | undefined) => void;
    /** The command that resumes this training, for the message of KNESER_UNFINISHED. Default: a call of the library. */
    readonly resumeCommand?: string;
  };

/** The checks of a row of {@link BUILD_OPTIONS}, for a call that has more options than a build. */
function buildCheck(name: BuildOptionName): Check {
  return (_name, value, options) => rowOf(name).check(value, options);
}

/** The checks of {@link BuildOptions}. */
export const BUILD_CHECKS: OptionTable<BuildOptions> = {
  ...(Object.fromEntries(BUILD_OPTION_NAMES.map(name => [name, buildCheck(name)])) as Record<BuildOptionName, Check>),
  ...WORK_OPTIONS,
};

/** The checks of {@link TrainOptions}. */
export const TRAIN_OPTIONS: OptionTable<TrainOptions> = {
  files: checkPaths,
  sentences: (_name, value) => checkSentences(value),
  out: required(checkPath),
  ...BUILD_CHECKS,
  ...DOCUMENT_OPTIONS,
  memory: checkMemory,
  threads: checkThreads,
  force: checkFlag,
  resume: checkFlag,
  onResume: checkFunction,
  resumeCommand: checkText,
};
