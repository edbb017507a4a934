/**
 * Saves, lists, opens and deletes models that the browser keeps in IndexedDB.
 *
 * @packageDocumentation
 */
import { BrowserLevel } from 'browser-level';
import { checkAborted, KneserError } from '../src/base/errors.js';
import { checkFlag, checkOptions, checkText, WORK_OPTIONS, type OptionTable } from '../src/base/check.js';
import type { WorkOptions } from '../src/base/progress.js';
import { OPEN_OPTIONS, type OpenOptions } from '../src/model/api.js';
import { PagedModel as LanguageModel } from '../src/model/paged-model.js';
import { ENCODING, type Database } from '../src/store/level.js';
import { fillDatabase, readModel, type StoredModel } from './database.js';
import { checkModel, filesOf } from './files.js';

/** Each model is one IndexedDB database. The name of the database is this prefix and the name of the model. */
const PREFIX = 'kneser-';

/** By store of a model that {@link openModel} opened, the name of the model. */
const opened = new WeakMap<StoredModel['store'], string>();

/** A model that the browser keeps. */
export interface KeptModel {
  /** The name under which it was saved. */
  readonly name: string;
  /** Bytes of all values of the model. */
  readonly bytes: number;
  /** When the model was made (ISO 8601). */
  readonly created: string;
}

/** Options of {@link saveModel}. */
export interface SaveOptions extends WorkOptions {
  /** Replaces a model that has this name. Default false. */
  readonly force?: boolean;
}

const SAVE_OPTIONS: OptionTable<SaveOptions> = { force: checkFlag, ...WORK_OPTIONS };

/**
 * Opens a model that this browser keeps for this site. The caller closes the model.
 *
 * @throws KneserError: KNESER_INPUT_MISSING, KNESER_UNFINISHED, KNESER_VERSION, KNESER_DAMAGED, KNESER_OPTION, KNESER_IO.
 * @example
 * ```ts
 * import { openModel } from 'kneser/native-free/indexeddb';
 *
 * const model = await openModel('books');
 * ```
 */
export async function openModel(name: string, options: OpenOptions = {}): Promise<LanguageModel> {
  checkName(name);
  checkOptions('openModel', options, OPEN_OPTIONS);
  const database = await openDatabase(name);
  let model: StoredModel | undefined;
  try {
    model = await readModel(database, name);
  } catch (error) {
    await database.close();
    throw error;
  }
  if (model) {
    opened.set(model.store, name);
    return LanguageModel.fromStore(model.store, model.files, options);
  }
  await database.close();
  await remove(name);
  throw new KneserError(
    'KNESER_INPUT_MISSING',
    `${name}: the browser keeps no such model; listModels() gives the names of all`,
  );
}

/**
 * Saves a copy of an open model in this browser. The copy opens without the server of the model. It is saved whole or not at all.
 *
 * @throws KneserError: KNESER_OUTPUT_EXISTS, KNESER_DISK_FULL, KNESER_IO, KNESER_ABORTED, and the errors of reading the model.
 * @example
 * ```ts
 * import { LanguageModel } from 'kneser/native-free';
 * import { saveModel } from 'kneser/native-free/indexeddb';
 *
 * await saveModel(await LanguageModel.fromFile(new URL('/model.kneser', location.href)), 'books');
 * ```
 */
export async function saveModel(model: LanguageModel, name: string, options: SaveOptions = {}): Promise<void> {
  checkModel('model', model);
  checkName(name);
  checkOptions('saveModel', options, SAVE_OPTIONS);
  await keepModel({ store: model.parts.store, files: filesOf(model) }, name, options);
}

/** @internal Like {@link saveModel}, for a model that is given as a store and files. */
export async function keepModel(model: StoredModel, name: string, options: SaveOptions = {}): Promise<void> {
  const { force = false, onProgress, signal } = options;
  await refuseExisting(name, force);
  // The model is kept under this name: to replace it would empty the database from which it is read.
  if (opened.get(model.store) === name) return;
  const database = await openDatabase(name);
  const total = model.files.bytes;
  let done = 0;
  try {
    await database.clear();
    await fillDatabase(database, model, bytes => {
      checkAborted(signal, 'saving');
      done = Math.min(total, done + bytes);
      onProgress?.({ stage: 'save', done, total, unit: 'bytes' });
    });
  } catch (error) {
    await database.close();
    await remove(name);
    throw storageError(name, error);
  }
  await database.close();
}

/** @internal Refuses the empty name, and, unless `force` is set, the name of a complete model. @throws KNESER_OPTION, KNESER_OUTPUT_EXISTS */
export async function refuseExisting(name: string, force: boolean): Promise<void> {
  checkName(name);
  if (force || !(await listModels()).some(kept => kept.name === name)) return;
  throw new KneserError('KNESER_OUTPUT_EXISTS', `${name}: there is a model of that name; pass force to replace it`);
}

/** @internal Deletes a model that is unfinished because writing it was interrupted. Leaves a complete model unchanged. */
export async function deleteUnfinished(name: string): Promise<void> {
  const database = await openDatabase(name);
  const complete = await readModel(database, name).catch(() => undefined);
  await database.close();
  if (!complete) await deleteModel(name);
}

/**
 * Lists the complete models that this browser keeps for this site, sorted by name.
 *
 * @throws KneserError: KNESER_IO.
 * @example
 * ```ts
 * import { listModels } from 'kneser/native-free/indexeddb';
 *
 * for (const { name, bytes } of await listModels()) console.log(name, bytes);
 * ```
 */
export async function listModels(): Promise<KeptModel[]> {
  const names = await savedNames();
  const kept: KeptModel[] = [];
  for (const name of names.sort()) {
    const database = await openDatabase(name);
    try {
      const model = await readModel(database, name);
      if (model) kept.push({ name, bytes: model.files.bytes, created: model.files.created });
    } catch (error) {
      // The list leaves out a damaged model: openModel says what is wrong, and deleteModel deletes it.
      if (!(error instanceof KneserError)) throw error;
    } finally {
      await database.close();
    }
  }
  return kept;
}

/** The names of all models, also of unfinished ones. @throws KNESER_IO in an engine without IndexedDB */
async function savedNames(): Promise<string[]> {
  try {
    const databases = await indexedDB.databases();
    return databases.flatMap(({ name }) => (name?.startsWith(PREFIX) ? [name.slice(PREFIX.length)] : []));
  } catch (error) {
    throw storageError('the saved models', error);
  }
}

/**
 * Deletes the model of this name, if there is one. If it is open, also in another tab, it becomes unreadable.
 *
 * @example
 * ```ts
 * import { deleteModel } from 'kneser/native-free/indexeddb';
 *
 * await deleteModel('books');
 * ```
 */
export async function deleteModel(name: string): Promise<void> {
  checkName(name);
  const database = await openDatabase(name);
  await database.clear();
  await database.close();
  await remove(name);
}

/** @throws KNESER_OPTION for a value that cannot be the name of a model. */
function checkName(name: unknown): void {
  if (checkText('name', name) === '') throw new KneserError('KNESER_OPTION', 'name: the name of the model is empty');
}

type IndexedDatabase = Database & { clear(): Promise<void> };

async function openDatabase(name: string): Promise<IndexedDatabase> {
  const database = new BrowserLevel<Uint8Array, Uint8Array>(name, { ...ENCODING, prefix: PREFIX });
  try {
    await database.open();
  } catch (error) {
    throw storageError(name, error);
  }
  return database;
}

/** Removes a database. If another tab has it open, the browser removes it when that tab closes it. */
function remove(name: string): Promise<void> {
  return new Promise(resolve => {
    const request = indexedDB.deleteDatabase(PREFIX + name);
    request.onsuccess = request.onerror = request.onblocked = () => resolve();
  });
}

function storageError(name: string, error: unknown): KneserError {
  if (error instanceof KneserError) return error;
  const reasons: string[] = [];
  for (let at = error; at instanceof Error; at = at.cause) {
    if (at.name === 'QuotaExceededError') {
      return new KneserError('KNESER_DISK_FULL', `${name}: the browser has no room for this model; delete others`, {
        cause: error,
      });
    }
    reasons.push(at.message);
  }
  return new KneserError('KNESER_IO', `${name}: IndexedDB failed: ${reasons.join(': ')}`, { cause: error });
}
