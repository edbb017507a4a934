import { callBack } from '../base/call-back.js';
import { availableParallelism, totalmem } from 'node:os';
import { build, fromText } from './build.js';
import { folderWorkspace } from './folder-workspace.js';
import type { BuildText, TextSource } from './stages/workspace.js';
import type { BuildReport } from './stages/report.js';
import { CallerError } from './stages/tokenize.js';
import { abortedError, KneserError } from '../base/errors.js';
import { TRAIN_OPTIONS, type TrainOptions } from './plan/train-options.js';
import { checkOptions, refuseWithout } from '../base/check.js';
import { OVERHEAD } from './plan/budget.js';
import { planBuild } from './plan/plan.js';
import { beginningOf } from './resume/beginning.js';
import { type TrainingRecord } from './resume/record.js';
import { describeProgress } from '../store/folder/unfinished.js';
import { findUnfinishedBuild, UnfinishedBuild } from './resume/unfinished-build.js';
import { publishedGeneration, type Draft } from '../store/folder/folder.js';
import { writeModel } from '../store/folder/write-model.js';
import { DOCUMENT_OPTION_NAMES } from '../text/formats/corpus.js';
import { isPlain, readText } from '../text/formats/index.js';
import { expandInputs, type Input } from '../text/formats/input.js';

/**
 * This folder trains models from text. `train` (this file) checks the options, prepares the folder of the model and calls `build`, which
 * runs the stages; `tune` learns weights for a finished model. `plan/` has the options, one row for each, and the budget of memory;
 * `stages/` has one file for each stage; `resume/` stores the record of an unfinished training, from which a later one continues.
 */

/** A line of JSON may be as long as this share of the memory, because several copies of it exist at once, as bytes and as text. */
const JSON_SHARE = 1 / 16;

/** The figures of a finished training. */
export interface TrainReport extends BuildReport {
  /** The folder of the model. */
  readonly out: string;
  /** Size of the model on disk [bytes]. */
  readonly bytes: number;
  /** Duration of the training [s]. */
  readonly seconds: number;
}

/**
 * Trains a model: counts all n-grams up to an order and writes them to a LevelDB folder.
 *
 * @throws KneserError: KNESER_OPTION, KNESER_INPUT_*, KNESER_OUTPUT_*, KNESER_DISK_FULL, KNESER_IO, KNESER_LIMIT, KNESER_TOKENIZER,
 * KNESER_PLATFORM, KNESER_ABORTED; and whatever the caller's own `sentences` throw.
 * @example
 * ```ts
 * import { train } from 'kneser';
 *
 * const { tokens, tables } = await train({ files: ['text.txt'], out: 'mine', order: 3 });
 * console.log(tokens, tables.map(({ pattern, types }) => `${pattern}: ${types}`));
 * // The mixture: all skip patterns and 20 word classes, tuned on every 20th sentence.
 * await train({ files: ['text.txt'], out: 'mixed', order: 3, patterns: { skip: true }, classes: 20, holdOut: 0.05 });
 * ```
 */
export async function train(options: TrainOptions): Promise<TrainReport> {
  checkOptions('train', options, TRAIN_OPTIONS);
  const { memory = Math.floor(totalmem() / 2), threads = availableParallelism() } = options;
  if ((options.files === undefined) === (options.sentences === undefined)) {
    throw new KneserError('KNESER_OPTION', 'give either files or sentences to train on');
  }
  if (options.files === undefined) refuseWithout(options, DOCUMENT_OPTION_NAMES, 'files');
  const started = performance.now();
  // The list of words is read more than once, and some iterables can be read only once.
  const { vocabulary } = options;
  if (vocabulary?.kind === 'words')
    options = { ...options, vocabulary: { ...vocabulary, words: [...vocabulary.words] } };
  const plan = await planBuild(options);
  const inputWarnings: string[] = [];
  const inputs = options.files
    ? await expandInputs(options.files, options, warning => inputWarnings.push(warning))
    : [];
  const text = options.files ? await fileSources(inputs, options, Math.floor(memory * JSON_SHARE)) : options;
  const { out, force = false, resume = false } = options;
  // An unfinished training is continued only if its options and files, with which it began, were the same.
  const beginning = await beginningOf(options, inputs);
  let found: TrainingRecord | undefined;
  const find = async (folder: string): Promise<string | undefined> => {
    found = await findUnfinishedBuild(folder, out, await publishedGeneration(out), beginning);
    return found?.generation;
  };
  let unfinished: UnfinishedBuild | undefined;
  const keepsUnfinished = (): boolean => resume && unfinished?.hasText === true;
  const write = async (draft: Draft): Promise<BuildReport> => {
    unfinished = found
      ? UnfinishedBuild.resume(draft.temporary, found)
      : await UnfinishedBuild.begin(draft.temporary, draft.generation, beginning, options.resumeCommand);
    if (resume) callBack(options.onResume, found && describeProgress(found));
    return build(
      options,
      plan,
      await folderWorkspace(draft, unfinished, out, memory - OVERHEAD, threads),
      fromText(text),
    );
  };
  try {
    const findUnfinished = resume ? find : undefined;
    const { written, bytes } = await writeModel(out, force, write, { findUnfinished, keepsUnfinished });
    const { tables, warnings, notes, ...figures } = written;
    return {
      out,
      ...figures,
      tables,
      bytes,
      seconds: (performance.now() - started) / 1000,
      warnings: [...inputWarnings, ...warnings],
      notes,
    };
  } catch (error) {
    const { cause } = error as Error;
    if (cause instanceof CallerError) throw cause.cause;
    const isStopped = error instanceof KneserError && error.code === 'KNESER_ABORTED';
    if (options.signal?.aborted && (keepsUnfinished() || isStopped)) {
      const left = keepsUnfinished() ? 'the finished part is kept, for resume (--resume)' : undefined;
      throw abortedError('training', options.signal.reason, left);
    }
    throw error;
  }
}

async function fileSources(inputs: readonly Input[], options: TrainOptions, longestJson: number): Promise<BuildText> {
  const sources: TextSource[] = [];
  for (const { path, bytes } of inputs) {
    sources.push({
      name: path,
      bytes,
      isPlain: await isPlain(path, options),
      read: (onRead, onSkip) => readText(path, { ...options, onRead, onSkip, longestJson }),
    });
  }
  return { sources };
}
