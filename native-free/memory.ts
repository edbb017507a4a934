/**
 * Copies an open model into memory, where it needs no server and no disk.
 *
 * @packageDocumentation
 */
import { MemoryLevel } from 'memory-level';
import { PagedModel as LanguageModel } from '../src/model/paged-model.js';
import { callBack } from '../src/base/call-back.js';
import { checkOptions, givenOptions, WORK_OPTIONS, type OptionTable } from '../src/base/check.js';
import type { WorkOptions } from '../src/base/progress.js';
import { OPEN_OPTIONS, type OpenOptions } from '../src/model/api.js';
import { copyStore } from '../src/store/copy.js';
import { ENCODING, LevelWriter, readDatabase, type Database } from '../src/store/level.js';
import { abortable, checkModel, filesOf } from './files.js';

/** Options of {@link copyToMemory}: of the copying, and of opening the copy. Default: as the model was opened. */
export interface CopyOptions extends OpenOptions, WorkOptions {}

const COPY_OPTIONS: OptionTable<Omit<CopyOptions, 'startingWeights'>> = { ...OPEN_OPTIONS, ...WORK_OPTIONS };

/** @internal Creates an open, empty database in memory. A database that was closed keeps its content and can be opened again. */
export async function createMemory(): Promise<Database> {
  const database = new MemoryLevel<Uint8Array, Uint8Array>({ ...ENCODING, storeEncoding: 'view' });
  await database.open();
  return database;
}

/**
 * Copies a whole open model into memory, where it needs no server and no disk. The caller closes both models.
 *
 * @throws KneserError: KNESER_OPTION, KNESER_ABORTED, KNESER_CLOSED, and the errors of reading the model.
 * @example
 * ```ts
 * import { openAsBlob } from 'node:fs';
 * import { LanguageModel } from 'kneser/native-free';
 * import { copyToMemory } from 'kneser/native-free/memory';
 *
 * const packed = await LanguageModel.fromFile(await openAsBlob('model.kneser'));
 * const model = await copyToMemory(packed);
 * await packed.close();
 * console.log((await model.score('The jury .')).perplexity);
 * await model.close();
 * ```
 */
export async function copyToMemory(model: LanguageModel, options: CopyOptions = {}): Promise<LanguageModel> {
  checkModel('model', model);
  checkOptions('copyToMemory', options, COPY_OPTIONS);
  const { onProgress, signal } = options;
  const { store, bytes: total } = model.parts;
  let done = 0;
  const onBytes = (bytes: number): void => {
    done = Math.min(total, done + bytes);
    callBack(onProgress, { stage: 'copy', done, total, unit: 'bytes' });
  };
  const database = await createMemory();
  await model.whileOpen(async () => {
    const writer = new LevelWriter(database);
    await copyStore(abortable(store, signal, 'copying'), writer, onBytes);
    await writer.finish();
    await database.open();
  });
  const { weights: _, ...withoutWeights } = model.options;
  // Weights belong to the smoothing with which the model was opened.
  const own = options.smoothing ? withoutWeights : model.options;
  const opening = { ...own, ...givenOptions(options, Object.keys(OPEN_OPTIONS) as (keyof OpenOptions)[]) };
  return LanguageModel.fromStore(readDatabase(database, store.name), filesOf(model), opening);
}
