import { Build, CallerError, pretrainedTokenizer } from './build.js';
import type { TrainOptions } from './options.js';
import { availableParallelism, totalmem } from 'node:os';
import { type VocabularyChoice } from './count/vocabulary.js';
import { abortedError, KneserError, writeError } from './errors.js';
import { choosePatterns, formatPattern, isContiguous, type PatternChoice } from './pattern.js';
import { prunesAnything, pruningByCounts, skipPatternError, type Pruning } from './prune/pruning.js';
import { estimateDiscounts } from './smooth/discounts.js';
import { beginningOf } from './resume/beginning.js';
import { describeReached, type TrainingRecord } from './resume/record.js';
import { findTraining, Training } from './resume/training.js';
import { beginDraft, publishedGeneration } from './store/folder.js';
import { expandInputs } from './text/input.js';
import { describeTokenization, Tokenization } from './text/tokenization.js';

/** The highest order that can be trained. */
export const MAX_ORDER = 12;
export const DEFAULT_ORDER = 5;

/** Pairs of classes are counted in a square table while words are clustered. */
export const MAX_CLASSES = 4000;

/** Less memory than this leaves no room for the buffers of a build. */
const LEAST_MEMORY = 64 << 20;

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
 * @throws KneserError: KNESER_OPTION, KNESER_INPUT_*, KNESER_OUTPUT_*, KNESER_DISK_FULL, KNESER_LIMIT, KNESER_TOKENIZER,
 * KNESER_ABORTED.
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
  // Its words are needed twice, and may be given only once.
  if (options.vocabulary?.kind === 'words') {
    options = { ...options, vocabulary: { kind: 'words', words: [...options.vocabulary.words] } };
  }
  if (options.classes !== undefined) checkInteger('classes', options.classes, 0, MAX_CLASSES);
  checkPatterns(order, options.patterns);
  const pruning = choosePruning(order, options);
  const { holdOut = 0 } = options;
  if (!(holdOut >= 0 && holdOut <= 0.5)) {
    throw new KneserError('KNESER_OPTION', `hold-out: ${holdOut} is not a share from 0 to 0.5`);
  }
  const started = performance.now();
  const tokenizationInfo = describeTokenization(options.tokenization ?? {}, options.lowercase ?? false);
  const tokenization = await Tokenization.open(tokenizationInfo, pretrainedTokenizer(options));
  const inputs = options.files ? await expandInputs(options.files, options) : [];
  const { out, force = false, resume = false } = options;
  const beginning = await beginningOf(options, order, tokenizationInfo, inputs);
  let found: TrainingRecord | undefined;
  const find = async (folder: string): Promise<string | undefined> => {
    found = await findTraining(folder, out, await publishedGeneration(out), beginning);
    return found?.generation;
  };
  const draft = await beginDraft(out, force, resume ? find : undefined);
  if (resume) options.onResume?.(found && describeReached(found));
  let build: Build | undefined;
  let training: Training | undefined;
  try {
    training = found
      ? Training.resume(draft.temporary, found)
      : await Training.begin(draft.temporary, draft.generation, beginning, options.resumeCommand);
    build = new Build(options, order, memory, threads, tokenization, draft, training, pruning);
    if (found) await build.restore();
    else await build.tokenize(inputs);
    const manifest = await build.prune(await build.count());
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
    await build?.close();
    const kept = resume && training?.hasText === true;
    await (kept ? draft.leave() : draft.discard());
    if (error instanceof CallerError) throw error.cause;
    if (kept && options.signal?.aborted) throw abortedError('training', 'what was done is kept, to be resumed');
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

function choosePruning(order: number, { prune, patterns = {} }: TrainOptions): Pruning | undefined {
  if (!prune) return undefined;
  const pruning = pruningByCounts(prune, order);
  if (!prunesAnything(pruning)) return undefined;
  const skipping = choosePatterns(order, patterns).find(pattern => !isContiguous(pattern));
  if (skipping) throw skipPatternError('prune: ', formatPattern(skipping));
  return pruning;
}

function checkVocabularyChoice(choice: VocabularyChoice | undefined): void {
  if (choice?.kind === 'limit') checkInteger('vocabulary limit', choice.limit, 1, Number.MAX_SAFE_INTEGER);
  if (choice?.kind === 'frequency') checkInteger('least frequency', choice.atLeast, 1, Number.MAX_SAFE_INTEGER);
}
