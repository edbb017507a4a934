/**
 * Saves, lists, opens and deletes models that the browser keeps in IndexedDB.
 *
 * @packageDocumentation
 */
import { callBack } from '../src/base/call-back.js';
import { checkAborted, KneserError } from '../src/base/errors.js';
import { checkFlag, checkOptions, WORK_OPTIONS, type OptionTable } from '../src/base/check.js';
import type { WorkOptions } from '../src/base/progress.js';
import { OPEN_OPTIONS, type OpenOptions } from '../src/model/api.js';
import { PagedModel as LanguageModel } from '../src/model/paged-model.js';
import { copyStore } from '../src/store/copy.js';
import { MANIFEST_KEY } from '../src/store/keys.js';
import {
  createDatabase,
  databaseNames,
  deleteDatabase,
  inOrder,
  openDatabase,
  outputExists,
  storageError,
  type ModelDatabase,
  type Pair,
} from './database.js';
import { decodeDescription, encodeDescription } from './description.js';
import { abortable, checkModel, checkName, filesOf, type StoredModel } from './files.js';

/** Values are collected until they have this many bytes, and then written together. */
const BATCH_BYTES = 1 << 20;

/** By store of a model that is kept, the name of the model. */
const keptAs = new WeakMap<StoredModel['store'], string>();

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
 * Opens a model that this browser keeps for this site. The caller closes the model. When another takes its place, or it is deleted, also
 * in another tab, it stays as it is in memory, and calls that read more of it throw KNESER_IO.
 *
 * @throws KneserError: KNESER_INPUT_MISSING, KNESER_NOT_A_MODEL, KNESER_UNFINISHED, KNESER_VERSION, KNESER_DAMAGED, KNESER_OPTION, KNESER_IO.
 * @example
 * ```ts
 * import { openModel } from 'kneser/native-free/indexeddb';
 *
 * const model = await openModel('books');
 * ```
 */
export async function openModel(name: string, options: OpenOptions = {}): Promise<LanguageModel> {
  checkName('name', name);
  checkOptions('openModel', options, OPEN_OPTIONS);
  const model = await openKept(name);
  if (model) return LanguageModel.fromStore(model.store, model.files, options);
  throw new KneserError(
    'KNESER_INPUT_MISSING',
    `${name}: the browser keeps no such model; listModels() gives the names of all`,
  );
}

/**
 * Saves a copy of an open model in this browser. The copy opens without the server of the model. It is saved whole or not at all. Calls
 * that save a model of one name take effect in their order.
 *
 * @throws KneserError: KNESER_OUTPUT_EXISTS, KNESER_NOT_A_MODEL, KNESER_DISK_FULL, KNESER_IO, KNESER_ABORTED, KNESER_CLOSED, and the
 * errors of reading the model.
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
  checkName('name', name);
  checkOptions('saveModel', options, SAVE_OPTIONS);
  const { store } = model.parts;
  await model.whileOpen(async () => {
    if (options.force && keptAs.get(store) === name) {
      // The model is kept under this name: to replace it would empty the database from which it is read. This read fails if another replaced it.
      await store.get(MANIFEST_KEY);
      return;
    }
    const kept = await keepModel({ store, files: filesOf(model) }, name, options);
    await kept.store.close();
  });
}

/** @internal Like {@link saveModel}, for a model that is given as a store and files. @returns the model that was saved, open */
export async function keepModel(
  { store, files }: StoredModel,
  name: string,
  { force = false, onProgress, signal }: { [Name in keyof SaveOptions]: SaveOptions[Name] | undefined },
): Promise<StoredModel> {
  const total = files.bytes;
  let done = 0;
  const onBytes = (bytes: number): void => {
    done = Math.min(total, done + bytes);
    callBack(onProgress, { stage: 'save', done, total, unit: 'bytes' });
  };
  try {
    return await inOrder(name, signal, async () => {
      const database = await createDatabase(name, force, signal);
      try {
        await fill(database, { store: abortable(store, signal, 'saving'), files }, onBytes);
      } catch (error) {
        await database.discard().catch(() => undefined);
        throw error;
      }
      return keptModel(name, database, files);
    });
  } catch (error) {
    const known = storageError(name, error);
    if (known !== error) checkAborted(signal, 'saving');
    throw known;
  }
}

/** Copies a model into an empty database. */
async function fill(
  database: ModelDatabase,
  { store, files }: StoredModel,
  onBytes: (bytes: number) => void,
): Promise<void> {
  let pairs: Pair[] = [];
  let bytes = 0;
  const write = async (): Promise<void> => {
    await database.write(pairs);
    pairs = [];
    bytes = 0;
  };
  const put = async (key: Uint8Array, value: Uint8Array): Promise<void> => {
    pairs.push([key, value]);
    bytes += value.length;
    if (bytes >= BATCH_BYTES) await write();
  };
  await copyStore(store, { put }, onBytes);
  await write();
  await database.complete(encodeDescription(files));
}

/** @internal Refuses the name of a complete model. @throws KNESER_OUTPUT_EXISTS, KNESER_NOT_A_MODEL, KNESER_IO */
export async function refuseExisting(name: string): Promise<void> {
  try {
    const database = await openDatabase(name);
    const mark = await database?.mark();
    await database?.store.close();
    if (mark) throw outputExists(name);
  } catch (error) {
    throw storageError(name, error);
  }
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
  const names = await databaseNames().catch((error: unknown) => {
    throw storageError('the saved models', error);
  });
  const kept: KeptModel[] = [];
  for (const name of names.sort()) {
    // The list leaves out what cannot be opened: openModel says what is wrong, and deleteModel deletes a damaged model.
    const model = await openKept(name).catch(() => undefined);
    if (model) kept.push({ name, bytes: model.files.bytes, created: model.files.created });
    await model?.store.close();
  }
  return kept;
}

/**
 * Deletes the model of this name, if there is one. Where it is open, also in another tab, calls that read more of it throw KNESER_IO. A
 * call that is saving it fails likewise.
 *
 * @throws KneserError: KNESER_NOT_A_MODEL, KNESER_IO, KNESER_OPTION.
 * @example
 * ```ts
 * import { deleteModel } from 'kneser/native-free/indexeddb';
 *
 * await deleteModel('books');
 * ```
 */
export async function deleteModel(name: string): Promise<void> {
  checkName('name', name);
  await deleteDatabase(name).catch((error: unknown) => {
    throw storageError(name, error);
  });
}

/** Opens a complete model. @returns `undefined` if there is none. @throws KNESER_NOT_A_MODEL, KNESER_UNFINISHED, KNESER_VERSION, KNESER_DAMAGED, KNESER_IO */
async function openKept(name: string): Promise<StoredModel | undefined> {
  let database: ModelDatabase | undefined;
  try {
    database = await openDatabase(name);
    if (!database) return undefined;
    const mark = await database.mark();
    if (!mark) throw new KneserError('KNESER_UNFINISHED', `${name}: this model is unfinished; write it again`);
    return keptModel(name, database, decodeDescription(name, mark));
  } catch (error) {
    await database?.store.close();
    throw storageError(name, error);
  }
}

function keptModel(name: string, { store }: ModelDatabase, files: StoredModel['files']): StoredModel {
  keptAs.set(store, name);
  return { store, files };
}
