import { availableParallelism, totalmem } from 'node:os';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Build, CallerError, type BuildPlace, type BuildReport, type BuildText, type StoreKind } from './build.js';
import { collect } from '../base/node/collect.js';
import { scratchFiles } from '../count/scratch-files.js';
import { startThread } from '../count/threads.js';
import { abortedError, KneserError, writeError } from '../base/errors.js';
import type { TrainOptions } from './plan/options.js';
import { checkInteger, checkMemory, planBuild, type BuildPlan } from './plan/plan.js';
import { beginningOf } from './beginning.js';
import { type TrainingRecord } from './resume/record.js';
import { describeReached } from '../store/folder/unfinished.js';
import { findTraining, Training } from './resume/training.js';
import { beginDraft, publishedGeneration, type Draft } from '../store/folder/folder.js';
import type { LevelWriter } from '../store/level.js';
import { isPlain, readText } from '../text/formats/index.js';
import { expandInputs, type Input } from '../text/formats/input.js';

/** Memory that is left to what a build does not reckon with: LevelDB, threads, what waits to be collected. */
const OVERHEAD = 24 << 20;
/** The part of memory that a line of JSON may have: it is there a few times over, as bytes and as text. */
const JSON_SHARE = 1 / 16;

/** What training did. */
export interface TrainReport extends BuildReport {
  readonly out: string;
  /** Bytes on disk. */
  readonly bytes: number;
  readonly seconds: number;
}

/**
 * Trains a model: counts all n-grams up to an order and writes them to a LevelDB folder.
 *
 * @throws KneserError: KNESER_OPTION, KNESER_INPUT_*, KNESER_OUTPUT_*, KNESER_DISK_FULL, KNESER_LIMIT, KNESER_TOKENIZER,
 * KNESER_ABORTED.
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
  const memory = checkMemory(options.memory ?? Math.floor(totalmem() / 2));
  const threads = checkInteger('threads', options.threads ?? availableParallelism(), 1, 256);
  if ((options.files === undefined) === (options.sentences === undefined)) {
    throw new KneserError('KNESER_OPTION', 'give either files or sentences to train on');
  }
  const started = performance.now();
  // Words are gone through more than once.
  const { vocabulary } = options;
  if (vocabulary?.kind === 'words')
    options = { ...options, vocabulary: { ...vocabulary, words: [...vocabulary.words] } };
  const plan = await planBuild(options);
  const inputs = options.files ? await expandInputs(options.files, options) : [];
  const text = options.files ? fileSources(inputs, options, Math.floor(memory * JSON_SHARE)) : options;
  const { out, force = false, resume = false } = options;
  const beginning = await beginningOf(options, plan, inputs);
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
    build = new Build(options, plan, await placeOf(plan, draft, training, out, memory - OVERHEAD, threads));
    const manifest = await build.run(text);
    const pointer = await draft.publish();
    const { tables, warnings, ...figures } = build.report(manifest);
    const seconds = (performance.now() - started) / 1000;
    return { out: options.out, ...figures, tables, bytes: pointer.bytes, seconds, warnings };
  } catch (error) {
    await build?.close();
    const kept = resume && training?.hasText === true;
    await (kept ? draft.leave() : draft.discard());
    if (error instanceof CallerError) throw error.cause;
    if (kept && options.signal?.aborted) throw abortedError('training', 'what was done is kept, to be resumed');
    throw writeError(out, error);
  }
}

function fileSources(inputs: readonly Input[], options: TrainOptions, longestJson: number): BuildText {
  const sources = inputs.map(({ path, bytes }) => ({
    name: path,
    bytes,
    isPlain: isPlain(path),
    read: (onRead: (bytes: number) => void) => readText(path, { ...options, onRead, longestJson }),
  }));
  return { sources };
}

/** A build in a folder. LevelDB is loaded when it is needed. */
async function placeOf(
  { pruning }: BuildPlan,
  draft: Draft,
  training: Training,
  name: string,
  memory: number,
  threads: number,
): Promise<BuildPlace> {
  const { createLevelWriter, openLevelStore } = await import('../store/folder/leveldb.js');
  const temporary = (file: string): string => join(draft.temporary, file);
  const counted: StoreKind = pruning ? 'unpruned' : 'tables';
  const pathOf = (kind: StoreKind): string => (kind === 'tables' ? draft.database : temporary(kind));
  return {
    name,
    memory,
    threads,
    startThread,
    scratch: scratchFiles,
    temporary,
    checkpoints: training,
    createStore: async kind => {
      const create = (path: string, resumed = false): Promise<LevelWriter> => createLevelWriter(path, memory, resumed);
      if (kind === counted) return training.openStore(pathOf(kind), create);
      // A pruned copy of tables that are complete is made anew.
      await rm(pathOf(kind), { recursive: true, force: true });
      return create(pathOf(kind));
    },
    openStore: kind => openLevelStore(pathOf(kind), name, memory),
    collect,
    putWeights: (set, value) => draft.putWeights(set, value),
  };
}
