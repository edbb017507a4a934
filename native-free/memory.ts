/**
 * Copies an open model into memory, where it needs no server and no disk.
 *
 * @packageDocumentation
 */
import { MemoryLevel } from 'memory-level';
import { PagedModel as LanguageModel } from '../src/model/paged-model.js';
import { checkOptions, WORK_OPTIONS, type OptionTable } from '../src/base/check.js';
import { checkAborted } from '../src/base/errors.js';
import type { WorkOptions } from '../src/base/progress.js';
import { OPEN_OPTIONS, type OpenOptions } from '../src/model/api.js';
import { copyStore } from '../src/store/copy.js';
import { ENCODING, LevelWriter, readDatabase, type Database } from '../src/store/level.js';
import { checkModel, filesOf } from './files.js';

/** Options of {@link copyToMemory}: of the copying, and of opening the copy. */
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
 * @throws KneserError: KNESER_OPTION, KNESER_ABORTED, and the errors of reading the model.
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
  checkAborted(signal, 'copying');
  const { store, bytes: total } = model.parts;
  let done = 0;
  const database = await createMemory();
  const writer = new LevelWriter(database);
  await copyStore(store, writer, bytes => {
    checkAborted(signal, 'copying');
    done = Math.min(total, done + bytes);
    onProgress?.({ stage: 'copy', done, total, unit: 'bytes' });
  });
  await writer.finish();
  await database.open();
  return LanguageModel.fromStore(readDatabase(database, store.name), filesOf(model), options);
}
