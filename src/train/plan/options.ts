import type { Progress } from '../../base/progress.js';
import {
  checkFlag,
  checkInteger,
  checkMemory,
  checkOneOf,
  checkShare,
  checkThreads,
  givenOptions,
  listOf,
  wholeNumber,
  WORK_OPTIONS,
  type Check,
  type OptionTable,
} from '../../base/check.js';
import type { VocabularyChoice } from '../../count/vocabulary.js';
import { choosePatterns, formatPattern, MAX_ORDER, type PatternChoice } from '../../tables/pattern.js';
import { pruningByCounts } from '../../tables/pruning.js';
import type { PretrainedTokenizer } from '../../text/pretrained.js';
import {
  checkTokenization,
  DEFAULT_TOKENIZATION,
  describeTokenization,
  NORMALIZATIONS,
  SENTENCE_UNITS,
  type TokenizationOptions,
} from '../../text/tokenization.js';
import { checkWordOrder, type WordOrderName } from '../../text/word-order.js';
import { checkClasses, checkModelM, MIXTURE_DEFAULTS, QUALITIES, QUALITY_NAMES } from './mixture-options.js';
import { checkPatterns } from './pattern-choice.js';
import { checkVocabulary, describeVocabulary } from './vocabulary-choice.js';

/** The options of training that Node and pages share. The model depends on all of them but `onProgress` and `signal`. */
export interface BuildOptions {
  /** The highest order of n-grams, 1 to 12. Default 5. */
  readonly order?: number;
  /** The skip patterns that are counted besides the contiguous patterns. Default: none. */
  readonly patterns?: PatternChoice;
  /**
   * The share of sentences that is not counted but held out, to tune the weights of the mixture on: 0.02 takes every 50th.
   * Default 0: nothing is held out or tuned.
   */
  readonly holdOut?: number;
  /**
   * Number of classes that words are grouped into, for the class model that the mixture uses. Several numbers make several clusterings,
   * at most 6, each with a class model. Default 0: no classes.
   */
  readonly classes?: number | readonly number[];
  /**
   * The clustering that Model M uses, by its number in `classes`, counted from 1: the mixture then has one more expert, which predicts the class of the next word
   * from the words before, and the word from its class and the words before. Default 0: no Model M.
   */
  readonly modelM?: number;
  /**
   * Thresholds by order from 1: n-grams with a count up to the threshold of their order are dropped. The last threshold also holds for
   * all higher orders. The first is 0, and none is less than the one before. As `lmplz --prune`. Default: nothing is dropped.
   */
  readonly prune?: readonly number[];
  /** The choice of the words that the model knows. Default: all words of the text. */
  readonly vocabulary?: VocabularyChoice;
  /** How text becomes sentences and tokens, in training and when the model scores. Default: each line is a sentence; white space separates tokens. */
  readonly tokenization?: TokenizationOptions;
  /** Lower-cases every token, in training and when the model scores. Default false. */
  readonly lowercase?: boolean;
  /**
   * In which order the tokens of each sentence are read, in training and when the model scores. Default `forward`. A model of another
   * order scores texts and makes texts, but does not predict next words.
   */
  readonly wordOrder?: WordOrderName;
  /** Leaves out lines without a token, in training and when the model scores. Default false: they are empty sentences. */
  readonly skipBlank?: boolean;
  /** Whether a literal `<s>` or `</s>` in the text is an error (`refuse`) or is left out (`drop`). Default `refuse`. */
  readonly reserved?: 'refuse' | 'drop';
  /** Called with the progress of training, in most stages a few times a second. */
  readonly onProgress?: (progress: Progress) => void;
  /** Stops training when aborted, within a second. Nothing is left behind, unless `resume` is true. */
  readonly signal?: AbortSignal;
}

/** The names of the options on which the model depends: all but `onProgress` and `signal`. */
export type BuildOptionName = Exclude<keyof BuildOptions, 'onProgress' | 'signal'>;

/** The options on which the model depends, each with the value that is given or with its default. */
export type BuildSettings = Required<Pick<BuildOptions, BuildOptionName>>;

/** The most sentences that may be held out: half of them. */
const MOST_HELD_OUT = 0.5;
/** Checks each threshold alone. `pruningByCounts` checks that they ascend and fit the order. */
const checkThresholds = listOf(wholeNumber(0, Number.MAX_SAFE_INTEGER));
/** The default of `order`, which `--help` shows. */
const DEFAULT_ORDER = 5;
/** The values of `reserved`, and its default, which `--help` shows. */
const RESERVED = { choices: ['refuse', 'drop'], fallback: 'refuse' } as const;

/** A flag of the command line that gives an option, or a part of one. */
export interface FlagText {
  /** As commander takes it: `-n, --order <n>`. */
  readonly flags: `--${string}` | `-${string}, --${string}`;
  /** The text that `--help` shows beside the flag. */
  readonly help: string;
  /** The kind of the flag's value: a whole number, a share (0 to 1), bytes (`512M`), names, thresholds, numbers of classes or text. Without it the flag is a switch, or has `choices`. */
  readonly value?: 'whole' | 'share' | 'size' | 'names' | 'thresholds' | 'sizes' | 'text';
  /** The words that the flag accepts as its value, if they are only a few. */
  readonly choices?: readonly string[];
  /** The default that `--help` shows; missing if it shows none. */
  readonly fallback?: number | string;
  /** Flags that cannot be given together with this one, in camel case. */
  readonly excludes?: readonly string[];
}

/** The description of an option in a resume record: values by label. Builds with equal descriptions of all options make equal models. */
export type OptionRecord = Readonly<Record<string, string | number | boolean>>;

/** A function for describing options in a resume record. */
export interface Digesting {
  /** A digest of texts or bytes, which stands in the record in place of them. */
  readonly digest: (parts: Iterable<string | Uint8Array>) => string;
}

/** One option of a build. */
export interface OptionRow<Value> {
  /** Throws KNESER_OPTION for a value that the option does not take. */
  check(value: Value, settings: BuildSettings): void;
  /** The default: the value if the option is not given. */
  readonly fallback: Value;
  /** Describes the option in a resume record. */
  record(value: Value, settings: BuildSettings, digesting: Digesting): OptionRecord;
  /** Turns the value into a form that can be sent to a worker of a page; missing if the value itself can be sent. */
  readonly sendable?: (value: Value) => Value;
  /** `text` if the option says how text becomes tokens and words, so that all models of a baseline share it; `counts` if it says how these are counted. */
  readonly about: 'text' | 'counts';
  /** The option's flags in every command that trains. Where several flags make one option, src/cli/build-options.ts joins them. */
  readonly flags: readonly FlagText[];
}

/**
 * The options of a build: one row for every member of {@link BuildOptions}. The rows define the checks of the library, the flags
 * of the command line, the comparison by `--resume`, and the message from a page to its worker.
 */
export const BUILD_OPTIONS = {
  order: {
    check: value => void checkInteger('order', value, 1, MAX_ORDER),
    fallback: DEFAULT_ORDER,
    record: value => ({ order: value }),
    about: 'counts',
    flags: [
      {
        flags: '-n, --order <n>',
        help: `length of the longest n-grams, 1 to ${MAX_ORDER}`,
        value: 'whole',
        fallback: DEFAULT_ORDER,
      },
    ],
  },
  patterns: {
    check: (value, { order }) => checkPatterns(order, value),
    fallback: {},
    record: (value, { order }) => ({ patterns: choosePatterns(order, value).map(formatPattern).join() }),
    about: 'counts',
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
    record: value => ({ 'hold-out': value }),
    about: 'counts',
    flags: [
      {
        flags: '--hold-out <share>',
        help: `share of sentences to tune on instead of counting (default with --skip: ${MIXTURE_DEFAULTS.holdOut})`,
        value: 'share',
      },
    ],
  },
  classes: {
    check: checkClasses,
    fallback: 0,
    record: value => ({ classes: typeof value === 'number' ? value : value.join() }),
    about: 'counts',
    flags: [
      {
        flags: '--classes <list>',
        help: `word classes of the class model mixed in (default with --skip: ${MIXTURE_DEFAULTS.classes}); a list of numbers makes a clustering for each`,
        value: 'sizes',
      },
      {
        flags: '--quality <level>',
        help:
          `of the mixture: best has three clusterings of the words in place of one, Model M, and at most ${QUALITIES.best.maxPatterns} patterns, for a lower ` +
          'perplexity with longer training and slower scoring (default with --skip: fast)',
        choices: QUALITY_NAMES,
        excludes: ['classes'],
      },
    ],
  },
  modelM: {
    check: checkModelM,
    fallback: 0,
    record: (value): OptionRecord => (value === 0 ? {} : { 'model-m': value }),
    about: 'counts',
    flags: [
      {
        flags: '--model-m <n>',
        help: `mix Model M in, with the classes of the n-th clustering of --classes (default with --quality best: ${QUALITIES.best.modelM})`,
        value: 'whole',
      },
    ],
  },
  prune: {
    check: (value, { order }) => {
      checkThresholds('prune', value);
      pruningByCounts(value, order);
    },
    fallback: [],
    record: value => ({ prune: value.join() }),
    about: 'counts',
    flags: [
      {
        flags: '--prune <list>',
        help:
          'drop rare n-grams: one threshold for each order, the last also for higher ones. ' +
          '0,0,1 (or 0 0 1) drops n-grams of order 3 and up that were seen once',
        value: 'thresholds',
      },
    ],
  },
  vocabulary: {
    check: checkVocabulary,
    fallback: { kind: 'all' },
    record: (value, _settings, { digest }) => ({ vocabulary: describeVocabulary(value, digest) }),
    sendable: value => (value.kind === 'words' ? { kind: 'words', words: [...value.words] } : value),
    about: 'text',
    flags: [
      {
        flags: '--vocab <file>',
        help: 'count only the words of this list, all others as <unk>',
        value: 'text',
        excludes: ['vocabLimit', 'unkBelow'],
      },
      {
        flags: '--vocab-limit <n>',
        help: 'keep the n most frequent words, count all others as <unk>',
        value: 'whole',
        excludes: ['vocab', 'unkBelow'],
      },
      {
        flags: '--unk-below <n>',
        help: 'count words seen fewer than n times as <unk>',
        value: 'whole',
        excludes: ['vocab', 'vocabLimit'],
      },
    ],
  },
  tokenization: {
    check: (value, { lowercase }) => {
      checkTokenization('tokenization', value);
      describeTokenization(value, lowercase);
    },
    fallback: {},
    record: (value, { lowercase }, { digest }) => {
      const { tokenizer, locale = '', sentences, normalize } = describeTokenization(value, lowercase);
      const pretrained = pretrainedTokenizer({ tokenization: value });
      const file = pretrained && ('json' in pretrained ? pretrained.json : pretrained.sentencepiece);
      return {
        tokenizer: file === undefined ? tokenizer : `${tokenizer} ${digest([file])}`,
        locale,
        sentences,
        normalize,
      };
    },
    about: 'text',
    flags: [
      {
        flags: '--tokenizer <name>',
        help: 'how text is split into tokens, in training and in scoring: whitespace, words, characters, bytes, or the path of a tokenizer.json or of a SentencePiece .model',
        value: 'text',
        fallback: DEFAULT_TOKENIZATION.tokenizer,
      },
      {
        flags: '--locale <tag>',
        help: 'language of the rules for words and for segmented sentences (default: en)',
        value: 'text',
      },
      {
        flags: '--sentences <where>',
        help: 'lines: each line is a sentence; segment: lines are cut into sentences',
        choices: SENTENCE_UNITS,
        fallback: DEFAULT_TOKENIZATION.sentences,
      },
      {
        flags: '--normalize <form>',
        help: 'Unicode normalisation of the text',
        choices: NORMALIZATIONS.filter(name => name !== DEFAULT_TOKENIZATION.normalize),
      },
    ],
  },
  lowercase: {
    check: value => void checkFlag('lowercase', value),
    fallback: false,
    record: value => ({ lowercase: value }),
    about: 'text',
    flags: [{ flags: '--lowercase', help: 'lower-case all text, in training and in scoring' }],
  },
  wordOrder: {
    check: value => {
      checkWordOrder('wordOrder', value);
    },
    fallback: 'forward',
    // Records of version 0.1.0 name no order.
    record: (value): OptionRecord => (value === 'forward' ? {} : { 'word-order': value }),
    about: 'text',
    flags: [
      {
        flags: '--word-order <order>',
        help:
          'order in which the tokens of a sentence are read, in training and in scoring: forward (default), backward, even-odd, ' +
          'shuffle-local:W, shuffle-fixed:SEED, shuffle, reverse-control, reverse-partial, reverse-full',
        value: 'text',
      },
    ],
  },
  skipBlank: {
    check: value => void checkFlag('skipBlank', value),
    fallback: false,
    record: value => ({ 'skip-blank': value }),
    about: 'text',
    flags: [{ flags: '--skip-blank', help: 'leave out lines without a token, in training and in scoring' }],
  },
  reserved: {
    check: value => void checkOneOf('reserved', value, RESERVED.choices),
    fallback: RESERVED.fallback,
    record: value => ({ reserved: value }),
    about: 'text',
    flags: [
      {
        flags: '--reserved <action>',
        help: 'what to do with a literal <s> or </s> in training text',
        ...RESERVED,
      },
    ],
  },
} satisfies { readonly [Name in BuildOptionName]-?: OptionRow<NonNullable<BuildOptions[Name]>> };

/** The names of the options, in the order of the rows. */
export const BUILD_OPTION_NAMES = Object.keys(BUILD_OPTIONS) as BuildOptionName[];

/** The names of the options that say how text becomes tokens and words. */
export type TextOptionName = {
  [Name in BuildOptionName]: (typeof BUILD_OPTIONS)[Name]['about'] extends 'text' ? Name : never;
}[BuildOptionName];

/** The names of the options that say how text becomes tokens and words, in the order of the rows. */
export const TEXT_OPTION_NAMES = BUILD_OPTION_NAMES.filter(
  (name): name is TextOptionName => BUILD_OPTIONS[name].about === 'text',
);

/** The names of the options for counts of n-grams, which need no sentences. */
export const COUNTS_OPTION_NAMES = [
  'order',
  'patterns',
  'classes',
  'modelM',
  'prune',
  'vocabulary',
  'tokenization',
  'lowercase',
  'skipBlank',
] as const satisfies readonly BuildOptionName[];

/**
 * The options for the memory and threads of a training. The model does not depend on them, so a resume record does not hold them.
 * Pages and Node have different defaults.
 */
export const MACHINE_OPTIONS = {
  memory: {
    check: checkMemory,
    flags: [
      {
        flags: '-m, --memory <size>',
        help: 'memory to aim for, such as 512M or 4G (default: half of the machine)',
        value: 'size',
      },
    ],
  },
  threads: {
    check: checkThreads,
    flags: [{ flags: '-t, --threads <n>', help: 'threads that count (default: one a core)', value: 'whole' }],
  },
} satisfies Readonly<Record<string, { readonly check: Check; readonly flags: readonly FlagText[] }>>;

/** The names of the options of the machine. */
export type MachineOptionName = keyof typeof MACHINE_OPTIONS;

/** The names of the options of the machine, in the order of the rows. */
export const MACHINE_OPTION_NAMES = Object.keys(MACHINE_OPTIONS) as MachineOptionName[];

/** The row of an option. The cast stands here once, because the compiler cannot infer that a row and its value have the same type. */
function rowOf(name: BuildOptionName): OptionRow<unknown> {
  return BUILD_OPTIONS[name] as unknown as OptionRow<unknown>;
}

/** The options, with the defaults of those that are not given. */
export function settingsOf(options: Partial<BuildSettings>): BuildSettings {
  const values = BUILD_OPTION_NAMES.map(name => [name, options[name] ?? rowOf(name).fallback]);
  return Object.fromEntries(values) as BuildSettings;
}

/** Checks every option that is given, in the order of the rows. @throws KNESER_OPTION, KNESER_TOKENIZER */
export function checkBuildOptions(options: BuildOptions): void {
  for (const name of BUILD_OPTION_NAMES) {
    const value: unknown = options[name];
    if (value !== undefined) rowOf(name).check(value, settingsOf(options));
  }
}

/** Describes the options in a resume record, in the order of the rows. */
export function recordOptions(options: BuildOptions, digesting: Digesting): OptionRecord {
  const settings = settingsOf(options);
  const records = BUILD_OPTION_NAMES.map(name => rowOf(name).record(settings[name], settings, digesting));
  return Object.assign({}, ...records) as OptionRecord;
}

/** The given options in a form that can be sent to a worker. */
export function sendableOptions(options: BuildOptions): BuildOptions {
  const given = Object.entries(givenOptions(options, BUILD_OPTION_NAMES));
  return Object.fromEntries(
    given.map(([name, value]) => [name, rowOf(name as BuildOptionName).sendable?.(value) ?? (value as unknown)]),
  );
}

/** The tokenizer of the options if they give the content of a tokenizer's file; else `undefined`. */
export function pretrainedTokenizer({
  tokenization,
}: Pick<BuildOptions, 'tokenization'>): PretrainedTokenizer | undefined {
  return typeof tokenization?.tokenizer === 'object' ? tokenization.tokenizer : undefined;
}

/** The check of an option by its row, for the option tables of calls that take further options. */
function buildCheck(name: BuildOptionName): Check {
  return (_name, value, options) => rowOf(name).check(value, settingsOf(options));
}

/** The checks of the named options. */
export function checksOf<Name extends BuildOptionName>(names: readonly Name[]): Readonly<Record<Name, Check>> {
  return Object.fromEntries(names.map(name => [name, buildCheck(name)])) as Record<Name, Check>;
}

/** The checks of {@link BuildOptions}. */
export const BUILD_CHECKS: OptionTable<BuildOptions> = {
  ...checksOf(BUILD_OPTION_NAMES),
  ...WORK_OPTIONS,
};
