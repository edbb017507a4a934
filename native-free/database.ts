import { isFromCaller } from '../src/base/call-back.js';
import { compareBytes, inOwnBuffer } from '../src/base/bytes.js';
import { checkAborted, KneserError } from '../src/base/errors.js';
import { unlessAborted } from '../src/base/unless-aborted.js';
import type { ModelStore } from '../src/store/store.js';

/**
 * The databases of IndexedDB in which a browser keeps models. A model is one database, `kneser-NAME`, with one object store, `NAME`, that has
 * the keys and values of the model and one more key, {@link MARK}. Its value is written last: a model without it is unfinished.
 *
 * A complete model never changes. To replace it raises the version of its database, to delete it removes the database. IndexedDB does
 * either only after all connections to the old model have ended, in all tabs, and first asks them to (`versionchange`). They then
 * end, and every later call on the old model fails: no call reads values of two models.
 */
const PREFIX = 'kneser-';

const MARK = new TextEncoder().encode('kneser');
/** How many values are read at once. */
const VALUES_A_READ = 100;

/** A key of a model and its value. */
export type Pair = readonly [key: Uint8Array, value: Uint8Array];

/** An open connection to the database of a model. */
export interface ModelDatabase {
  /** The values of the model. A call after the model was replaced or deleted throws KNESER_IO. */
  readonly store: ModelStore;
  /** The value of the mark; `undefined` if the model is unfinished. */
  readonly mark: () => Promise<Uint8Array | undefined>;
  /** Writes values, all or none of them. */
  readonly write: (pairs: readonly Pair[]) => Promise<void>;
  /** Writes the mark, which completes the model. */
  readonly complete: (mark: Uint8Array) => Promise<void>;
  /** Deletes the model, unless another has taken its place. */
  readonly discard: () => Promise<void>;
}

/** The names of all models, also of unfinished ones, and of databases of others whose names begin alike. */
export async function databaseNames(): Promise<string[]> {
  const databases = await indexedDB.databases();
  return databases.flatMap(({ name }) => (name?.startsWith(PREFIX) ? [name.slice(PREFIX.length)] : []));
}

/** Opens the database of a model. @returns `undefined` if there is none. @throws KNESER_NOT_A_MODEL */
export async function openDatabase(name: string): Promise<ModelDatabase | undefined> {
  const database = await connect(name);
  return database && databaseOf(name, database);
}

/**
 * Makes an empty database for a model, in place of the one of that name.
 *
 * @param force whether it may replace a complete model.
 * @param signal aborted before the old model is removed, it leaves the old model.
 * @throws KNESER_OUTPUT_EXISTS, KNESER_NOT_A_MODEL, KNESER_ABORTED
 */
export async function createDatabase(
  name: string,
  force: boolean,
  signal: AbortSignal | undefined,
): Promise<ModelDatabase> {
  for (;;) {
    checkAborted(signal, 'saving');
    // Refused here, the complete model stays open where it is open.
    const old = await unlessAborted(connect(name), signal, 'saving');
    try {
      if (old && !force && (await databaseOf(name, old).mark())) throw outputExists(name);
    } finally {
      old?.close();
    }
    const created = await replace(name, (old?.version ?? 0) + 1, force, signal);
    // Otherwise another page raised the version meanwhile.
    if (created) return databaseOf(name, created);
  }
}

/** Deletes the database of a model, if there is one. @throws KNESER_NOT_A_MODEL */
export async function deleteDatabase(name: string): Promise<void> {
  const database = await connect(name);
  database?.close();
  if (database) await remove(name);
}

/**
 * Runs writers of one model one after the other, in the order of their calls, also those of other tabs. A page that has no Web Locks, because it
 * is not in a secure context, runs them at once: the later writer then ends the earlier one.
 */
export function inOrder<T>(name: string, signal: AbortSignal | undefined, act: () => Promise<T>): Promise<T> {
  const { navigator } = globalThis as { navigator?: { readonly locks?: LockManager } };
  if (!navigator?.locks) return act();
  return navigator.locks.request(PREFIX + name, signal ? { signal } : {}, act) as Promise<T>;
}

/** The error for a name that a complete model has. */
export function outputExists(name: string): KneserError {
  return new KneserError('KNESER_OUTPUT_EXISTS', `${name}: there is a model of that name; pass force to replace it`);
}

/** Turns an error of IndexedDB into a KneserError; a KneserError and an error of the caller's own function stay. */
export function storageError(name: string, error: unknown): Error {
  if (error instanceof KneserError || isFromCaller(error)) return error as Error;
  const cause = { cause: error };
  const reason = error instanceof Error ? error : new Error(String(error));
  return reason.name === 'QuotaExceededError'
    ? new KneserError('KNESER_DISK_FULL', `${name}: the browser has no room for this model; delete others`, cause)
    : new KneserError('KNESER_IO', `${name}: IndexedDB failed: ${reason.message}`, cause);
}

/** Opens the database of a model. @returns `undefined` if there is none. @throws KNESER_NOT_A_MODEL */
async function connect(name: string): Promise<IDBDatabase | undefined> {
  const request = indexedDB.open(PREFIX + name);
  let isMissing = false;
  // Without a database, IndexedDB makes an empty one, unless this transaction is aborted.
  request.onupgradeneeded = () => {
    isMissing = true;
    request.transaction?.abort();
  };
  const database = await resultOf(request).catch((error: unknown) => {
    if (!isMissing) throw error;
    return undefined;
  });
  if (!database) return undefined;
  database.onversionchange = () => database.close();
  const stores = [...database.objectStoreNames];
  if (stores.length === 1 && stores[0] === name) return database;
  database.close();
  const what = `the database ${PREFIX}${name} of this site is no model of kneser; name the model otherwise`;
  throw new KneserError('KNESER_NOT_A_MODEL', `${name}: ${what}`);
}

/**
 * Empties a database by raising its version. @returns `undefined` if it has this version, or a higher one, already.
 * @throws KNESER_OUTPUT_EXISTS, KNESER_ABORTED
 */
async function replace(
  name: string,
  version: number,
  force: boolean,
  signal: AbortSignal | undefined,
): Promise<IDBDatabase | undefined> {
  checkAborted(signal, 'saving');
  const request = indexedDB.open(PREFIX + name, version);
  let isEmptied = false;
  let isComplete = false;
  const empty = (): void => {
    const { result: database } = request;
    if (database.objectStoreNames.contains(name)) database.deleteObjectStore(name);
    database.createObjectStore(name);
    isEmptied = true;
  };
  request.onupgradeneeded = () => {
    const { result: database, transaction } = request;
    if (signal?.aborted) {
      transaction?.abort();
      return;
    }
    if (force || !transaction || !database.objectStoreNames.contains(name)) {
      empty();
      return;
    }
    const marks = transaction.objectStore(name).count(MARK);
    marks.onsuccess = () => {
      isComplete = marks.result > 0;
      if (isComplete) transaction.abort();
      else empty();
    };
  };
  const opening = resultOf(request).then(
    database => {
      // Aborted after the database was emptied, nobody waits for it: it stays unfinished.
      if (isEmptied && !signal?.aborted) return database;
      database.close();
      return undefined;
    },
    (error: unknown) => {
      if (isComplete) throw outputExists(name);
      if ((error as Partial<DOMException>).name !== 'VersionError') throw error;
      return undefined;
    },
  );
  // Another tab may have the model open, and be too busy to close it.
  return unlessAborted(opening, signal, 'saving');
}

async function remove(name: string): Promise<void> {
  await resultOf(indexedDB.deleteDatabase(PREFIX + name));
}

function databaseOf(name: string, database: IDBDatabase): ModelDatabase {
  let isOpen = true;
  const close = (): void => {
    isOpen = false;
    database.close();
  };
  database.onversionchange = close;

  const objects = (mode: IDBTransactionMode): IDBObjectStore => {
    try {
      return database.transaction(name, mode).objectStore(name);
    } catch (error) {
      throw new KneserError(
        'KNESER_IO',
        `${name}: the model that the browser kept was replaced or deleted; open it again`,
        { cause: error },
      );
    }
  };
  const reading = async <T>(read: (objects: IDBObjectStore) => Promise<T>): Promise<T> => {
    try {
      return await read(objects('readonly'));
    } catch (error) {
      throw storageError(name, error);
    }
  };
  const write: ModelDatabase['write'] = async pairs => {
    const store = objects('readwrite');
    // A value that is a view would be stored with its whole buffer.
    for (const [key, value] of pairs) store.put(inOwnBuffer(value), key as IDBValidKey);
    const { transaction } = store;
    await new Promise<void>((resolve, reject) => {
      transaction.oncomplete = () => resolve();
      transaction.onabort = () => reject(transaction.error ?? new Error('the transaction was aborted'));
    });
  };
  const valueIn = (store: IDBObjectStore, key: Uint8Array): Promise<Uint8Array | undefined> =>
    resultOf(store.get(key as IDBValidKey) as IDBRequest<Uint8Array | undefined>);
  const get = (key: Uint8Array): Promise<Uint8Array | undefined> => reading(store => valueIn(store, key));
  const entries = async function* (): AsyncGenerator<Pair> {
    for (let range: IDBKeyRange | null = null; ;) {
      const [keys, values] = await reading(store =>
        Promise.all([
          resultOf(store.getAllKeys(range, VALUES_A_READ)),
          resultOf(store.getAll(range, VALUES_A_READ) as IDBRequest<Uint8Array[]>),
        ]),
      );
      for (let i = 0; i < keys.length; i++) {
        const key = new Uint8Array(keys[i] as ArrayBuffer);
        if (compareBytes(key, MARK) !== 0) yield [key, values[i]];
      }
      if (keys.length < VALUES_A_READ) return;
      range = IDBKeyRange.lowerBound(keys[keys.length - 1], true);
    }
  };
  return {
    store: {
      name,
      get,
      getMany: keys => reading(store => Promise.all(keys.map(key => valueIn(store, key)))),
      entries,
      close: () => {
        close();
        return Promise.resolve();
      },
    },
    mark: () => get(MARK),
    write,
    complete: mark => write([[MARK, mark]]),
    // While this connection is open, no other model has the name. The deletion ends it.
    discard: async () => {
      if (isOpen) await remove(name);
    },
  };
}

function resultOf<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error('the request failed'));
  });
}
