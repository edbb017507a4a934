import { callBack } from '../base/call-back.js';
import { rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { IdStream } from '../count/id-stream.js';
import { scratchFiles } from '../count/scratch-files.js';
import {
  checkFunction,
  checkOptions,
  checkPath,
  checkPaths,
  checkText,
  required,
  WORK_OPTIONS,
  type OptionTable,
} from '../base/check.js';
import { checkAborted, KneserError } from '../base/errors.js';
import type { WorkOptions } from '../base/progress.js';
import { pauses } from '../base/turn.js';
import { makeTemporaryFolder } from '../base/node/leftovers.js';
import { learnModel } from './stages/learning.js';
import { PagedModel } from '../model/paged-model.js';
import { readIds } from '../model/scoring/text-reader.js';
import {
  DEFAULT_WEIGHTS,
  encodeWeights,
  UNIFORM_WEIGHTS,
  type TuneReport,
  type WeightSet,
} from '../model/scoring/weights.js';
import { DOCUMENT_OPTIONS, skippedWarning, type DocumentOptions } from '../text/formats/corpus.js';
import { readText } from '../text/formats/index.js';
import { expandInputs, type Input } from '../text/formats/input.js';

/** The bytes of word ids of the held-out text that stay in memory; further ids go to a temporary file. */
const TEXT_MEMORY = 64 << 20;

/** The options of {@link tune}: the model, the held-out text, and the name of the weights. */
export interface TuneOptions extends DocumentOptions, WorkOptions {
  /** The folder of the model. */
  readonly model: string;
  /** Held-out text: files that the model was not trained on. */
  readonly files: readonly string[];
  /** The name of the weights. Default `default`: scoring uses those unless it names others. */
  readonly name?: string;
  /** Called with one sentence for each kind of document or line left out of the text: how many, and why. */
  readonly onWarning?: (warning: string) => void;
}

/** The checks of {@link TuneOptions}. */
const TUNE_OPTIONS: OptionTable<TuneOptions> = {
  model: required(checkPath),
  files: required(checkPaths),
  name: checkText,
  ...DOCUMENT_OPTIONS,
  ...WORK_OPTIONS,
  onWarning: checkFunction,
};

/**
 * Learns the weights of a model's mixture on held-out text, and stores them beside the model, whose counts stay the same. The same model
 * and text give the same weights.
 *
 * @throws KneserError: KNESER_OPTION, KNESER_INPUT_*, KNESER_NO_COUNTS, KNESER_ABORTED, and the codes of `LanguageModel.open`.
 * @example
 * ```ts
 * import { train, tune } from 'kneser';
 *
 * await train({ files: ['text.txt'], out: 'tuned', order: 3, patterns: { skip: true } });
 * const { mkn, tuned } = await tune({ model: 'tuned', files: ['valid.txt'] });
 * console.log(mkn, tuned); // perplexities of valid.txt: Kneser-Ney, the mixture
 * ```
 */
export async function tune(options: TuneOptions): Promise<TuneReport> {
  checkOptions('tune', options, TUNE_OPTIONS);
  const { isWeightsName, openFolder, writeWeights } = await import('../store/folder/folder.js');
  const name = options.name ?? DEFAULT_WEIGHTS;
  if (name === UNIFORM_WEIGHTS) {
    throw new KneserError('KNESER_OPTION', `name: ${name} is reserved for equal weights; choose another name`);
  }
  if (!isWeightsName(name)) {
    throw new KneserError('KNESER_OPTION', `name: ${name} cannot name weights; use letters, digits, dots, - and _`);
  }
  const inputs = await expandInputs(options.files, options, options.onWarning);
  const path = resolve(options.model);
  const { store, files, pointer } = await openFolder(options.model);
  const model = await PagedModel.fromStore(store, files, { startingWeights: true, smoothing: 'glm' });
  try {
    const set = await learnFromFiles(model, inputs, options);
    await writeWeights(path, pointer.generation, name, encodeWeights(set));
    return set.report;
  } finally {
    await model.close();
  }
}

/** Learns weights from files. The first {@link TEXT_MEMORY} bytes of their ids stay in memory, the rest is in a temporary file. */
async function learnFromFiles(model: PagedModel, inputs: readonly Input[], options: TuneOptions): Promise<WeightSet> {
  const { onProgress, signal } = options;
  const check = (): void => checkAborted(signal, 'tuning');
  check();
  const folder = await makeTemporaryFolder('tune');
  const text = new IdStream(join(folder, 'text'), TEXT_MEMORY, scratchFiles);
  try {
    const words = await model.allWords();
    const { skipBlank } = model.info.options;
    let skipped = 0;
    const onSkip = (documents: number): void => void (skipped += documents);
    for (const { path } of inputs) {
      const pieces = readIds(readText(path, { ...options, onSkip }), path, words, model.parts.tokenization, skipBlank);
      for await (const { ids } of pieces) {
        check();
        for (const id of ids) text.push(id);
      }
    }
    if (skipped > 0) callBack(options.onWarning, skippedWarning(skipped));
    const tell = (done: number, total: number): void => {
      callBack(onProgress, { stage: 'tune', done, total, unit: 'passes' });
      check();
    };
    return await learnModel(model, text, tell, pauses(check), check);
  } catch (error) {
    // Readers that are aborted throw KNESER_ABORTED with a message of their own: throw the message of tuning instead.
    if (error instanceof KneserError && error.code === 'KNESER_ABORTED') check();
    throw error;
  } finally {
    text.close();
    await rm(folder, { recursive: true, force: true });
  }
}
