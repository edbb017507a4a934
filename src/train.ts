import { availableParallelism, totalmem } from 'node:os';
import { join } from 'node:path';
import { Build, CallerError, type BuildPlace, type BuildReport, type BuildText, type StoreKind } from './build.js';
import { scratchFiles } from './count/scratch-files.js';
import { startThread } from './count/threads.js';
import { KneserError, writeError } from './errors.js';
import type { TrainOptions } from './options.js';
import { checkInteger, planBuild } from './plan.js';
import { beginDraft, type Draft } from './store/folder.js';
import { expandInputs, isPlain, readText } from './text/input.js';

/** Less memory than this leaves no room for the buffers of a build. */
const LEAST_MEMORY = 64 << 20;

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
 * const report = await train({ files: ['corpus.txt'], out: 'model', order: 5 });
 */
export async function train(options: TrainOptions): Promise<TrainReport> {
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
  const started = performance.now();
  const plan = await planBuild(options);
  const text = options.files ? await fileSources(options.files, options) : options;
  const draft = await beginDraft(options.out, options.force ?? false);
  let build: Build | undefined;
  try {
    build = new Build(options, plan, await placeOf(draft, options.out, memory, threads));
    const manifest = await build.run(text);
    const pointer = await draft.publish();
    const { tables, warnings, ...figures } = build.report(manifest);
    const seconds = (performance.now() - started) / 1000;
    return { out: options.out, ...figures, tables, bytes: pointer.bytes, seconds, warnings };
  } catch (error) {
    build?.close();
    await draft.discard();
    if (error instanceof CallerError) throw error.cause;
    throw writeError(options.out, error);
  }
}

async function fileSources(files: readonly string[], options: TrainOptions): Promise<BuildText> {
  const inputs = await expandInputs(files, options);
  const sources = inputs.map(({ path, bytes }) => ({
    name: path,
    bytes,
    isPlain: isPlain(path),
    read: (onRead: (bytes: number) => void) => readText(path, { ...options, onRead }),
  }));
  return { sources };
}

/** A build in a folder. LevelDB is loaded when it is needed. */
async function placeOf(draft: Draft, name: string, memory: number, threads: number): Promise<BuildPlace> {
  const { createLevelWriter, openLevelStore } = await import('./store/leveldb.js');
  const temporary = (file: string): string => join(draft.temporary, file);
  const pathOf = (kind: StoreKind): string => (kind === 'tables' ? draft.database : temporary(kind));
  return {
    name,
    memory,
    threads,
    startThread,
    scratch: scratchFiles,
    temporary,
    createStore: kind => createLevelWriter(pathOf(kind)),
    openStore: kind => openLevelStore(pathOf(kind), name),
    putWeights: (set, value) => draft.putWeights(set, value),
  };
}
