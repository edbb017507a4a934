import { Build, CallerError } from './build.js';
import { availableParallelism, totalmem } from 'node:os';
import { type VocabularyChoice } from './count/vocabulary.js';
import { KneserError, writeError } from './errors.js';
import { choosePatterns, type PatternChoice } from './pattern.js';
import { estimateDiscounts } from './smooth/discounts.js';
import { beginDraft } from './store/folder.js';
import { expandInputs } from './text/input.js';
import { type Sentences } from './text/sentences.js';

/** The highest order that can be trained. */
export const MAX_ORDER = 12;
export const DEFAULT_ORDER = 5;

/** Pairs of classes are counted in a square table while words are clustered. */
export const MAX_CLASSES = 4000;

/** Less memory than this leaves no room for the buffers of a build. */
const LEAST_MEMORY = 64 << 20;

/** The stages of training, in their order. */
export type Stage = 'tokenize' | 'sort' | 'count' | 'classes' | 'tune';

/** How far training has come. */
export interface Progress {
  readonly stage: Stage;
  /** In `unit`s. */
  readonly done: number;
  /** `undefined` where it cannot be known, as with standard input. */
  readonly total: number | undefined;
  readonly unit: 'bytes' | 'tokens' | 'passes';
}

/** Where the text comes from: files, or sentences. Exactly one of the two. */
export type TrainingText =
  | {
      /** Paths of text files, of `.gz` files, of folders, or `-` for standard input; a sentence a line. */
      readonly files: readonly string[];
      readonly sentences?: never;
    }
  | {
      /** Sentences, as text or as tokens. */
      readonly sentences: Sentences;
      readonly files?: never;
    };

/** What to train, and how. */
export type TrainOptions = TrainingText & {
  /** The folder of the model. */
  readonly out: string;
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
  /** Which words the model knows. Default: all. */
  readonly vocabulary?: VocabularyChoice;
  /** Lower-cases every token, here and whenever the model scores. Default false. */
  readonly lowercase?: boolean;
  /** Leaves out lines without a token, here and whenever the model scores. Default false: they are empty sentences. */
  readonly skipBlank?: boolean;
  /** What to do with a literal `<s>` or `</s>`. Default `refuse`. */
  readonly reserved?: 'refuse' | 'drop';
  /** Bytes of memory to aim for; beyond them sorted runs go to the disk. Default: half of the machine's. */
  readonly memory?: number;
  /** Counting threads. Default: one a core. The model does not depend on it. */
  readonly threads?: number;
  /** Replaces a model that is in the folder. Default false. */
  readonly force?: boolean;
  /** Told how far training has come, a few times a second at most stages. */
  readonly onProgress?: (progress: Progress) => void;
  /** Stops training when aborted; nothing is left behind. */
  readonly signal?: AbortSignal;
};

/** What training did. */
export interface TrainReport {
  readonly out: string;
  readonly order: number;
  readonly sentences: number;
  /** `</s>` counted. */
  readonly tokens: number;
  readonly vocabulary: number;
  readonly tables: readonly { readonly pattern: string; readonly types: number; readonly fallback: boolean }[];
  /** Bytes on disk. */
  readonly bytes: number;
  readonly seconds: number;
  /** What the text held that was replaced or left out: one sentence each, with a count. */
  readonly warnings: readonly string[];
}

/**
 * Trains a model: counts all n-grams up to an order and writes them to a LevelDB folder.
 *
 * @throws KneserError: KNESER_OPTION, KNESER_INPUT_*, KNESER_OUTPUT_*, KNESER_DISK_FULL, KNESER_LIMIT, KNESER_ABORTED.
 * @example
 * const report = await train({ files: ['corpus.txt'], out: 'model', order: 5 });
 */
export async function train(options: TrainOptions): Promise<TrainReport> {
  const order = checkInteger('order', options.order ?? DEFAULT_ORDER, 1, MAX_ORDER);
  const memory = checkInteger(
    'memory',
    options.memory ?? Math.floor(totalmem() / 2),
    LEAST_MEMORY,
    Number.MAX_SAFE_INTEGER,
  );
  const threads = checkInteger('threads', options.threads ?? availableParallelism(), 1, 256);
  if ((options.files === undefined) === (options.sentences === undefined)) {
    throw new KneserError('KNESER_OPTION', 'give either files or sentences to train on');
  }
  checkVocabularyChoice(options.vocabulary);
  if (options.classes !== undefined) checkInteger('classes', options.classes, 0, MAX_CLASSES);
  checkPatterns(order, options.patterns);
  const { holdOut = 0 } = options;
  if (!(holdOut >= 0 && holdOut <= 0.5)) {
    throw new KneserError('KNESER_OPTION', `hold-out: ${holdOut} is not a share from 0 to 0.5`);
  }
  const started = performance.now();
  const inputs = options.files ? await expandInputs(options.files) : [];
  const draft = await beginDraft(options.out, options.force ?? false);
  let build: Build | undefined;
  try {
    build = new Build(options, order, memory, threads, draft);
    await build.tokenize(inputs);
    const manifest = await build.count();
    await build.tune();
    build.checkAborted();
    const pointer = await draft.publish();
    return {
      out: options.out,
      order,
      sentences: manifest.sentences,
      tokens: manifest.tokens,
      vocabulary: manifest.vocabulary,
      tables: manifest.tables.map(table => ({
        pattern: table.pattern,
        types: table.pattern === '1' ? manifest.vocabulary : table.rows,
        fallback: estimateDiscounts(table.countsOfCounts).fallback,
      })),
      bytes: pointer.bytes,
      seconds: (performance.now() - started) / 1000,
      warnings: build.warnings(),
    };
  } catch (error) {
    build?.close();
    await draft.discard();
    if (error instanceof CallerError) throw error.cause;
    throw writeError(options.out, error);
  }
}

function checkInteger(name: string, value: number, least: number, most: number): number {
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  const range = most === Number.MAX_SAFE_INTEGER ? `of at least ${least}` : `from ${least} to ${most}`;
  throw new KneserError('KNESER_OPTION', `${name}: ${value} is not a whole number ${range}`);
}

function checkPatterns(order: number, choice: PatternChoice = {}): void {
  if (choice.maxGap !== undefined) checkInteger('largest gap', choice.maxGap, 0, MAX_ORDER);
  if (choice.maxPatterns !== undefined) checkInteger('number of patterns', choice.maxPatterns, 1, 2 ** MAX_ORDER);
  try {
    choosePatterns(order, choice);
  } catch (error) {
    throw new KneserError('KNESER_OPTION', `patterns: ${(error as Error).message}`);
  }
}

function checkVocabularyChoice(choice: VocabularyChoice | undefined): void {
  if (choice?.kind === 'limit') checkInteger('vocabulary limit', choice.limit, 1, Number.MAX_SAFE_INTEGER);
  if (choice?.kind === 'frequency') checkInteger('least frequency', choice.atLeast, 1, Number.MAX_SAFE_INTEGER);
}
