import { inOwnBuffer } from '../src/base/bytes.js';
import { KneserError } from '../src/base/errors.js';
import type { ModelFiles } from '../src/store/store.js';
import { BlockDamage, seal, unseal } from '../src/base/sealed.js';
import { copyStore } from '../src/store/copy.js';
import { decodeValue } from '../src/base/decode.js';
import { LevelWriter, readDatabase, type Database } from '../src/store/level.js';
import { FORMAT_VERSION } from '../src/store/keys.js';
import { encodeMsgpack } from '../src/base/encode-msgpack.js';
import { decodeMsgpack } from '../src/base/decode-msgpack.js';
import type { ModelStore } from '../src/store/store.js';
import { compareBytes } from '../src/base/bytes.js';

/**
 * A database has the keys and values of a model, and one more key, this one. Its value, the description, has the facts that are in
 * `kneser.json` and in the weight files of a model folder. It is written last, so that a model without it is unfinished.
 */
const POINTER_KEY = new TextEncoder().encode('kneser');

/** The store of a model, with the facts and weights that are not values of the store. */
export interface StoredModel {
  readonly store: ModelStore;
  readonly files: ModelFiles;
}

/**
 * Reads the description of the model in an open database. @returns `undefined` if the database is empty.
 *
 * @throws KNESER_UNFINISHED, KNESER_VERSION, KNESER_DAMAGED
 */
export async function readModel(database: Database, name: string): Promise<StoredModel | undefined> {
  const store = readDatabase(database, name);
  const value = await store.get(POINTER_KEY);
  if (!value) {
    if (await isEmpty(store)) return undefined;
    throw new KneserError('KNESER_UNFINISHED', `${name}: this model is unfinished; write it again`);
  }
  const { format, ...files } = decodeValue(`${name}: description`, value, decodePointer);
  if (format !== FORMAT_VERSION) {
    throw new KneserError(
      'KNESER_VERSION',
      `${name}: a model of format ${format}; this version of kneser reads format ${FORMAT_VERSION}. Write it again`,
    );
  }
  const entries = async function* (): AsyncGenerator<readonly [Uint8Array, Uint8Array]> {
    for await (const entry of store.entries()) if (compareBytes(entry[0], POINTER_KEY) !== 0) yield entry;
  };
  return { store: { ...store, entries }, files };
}

/**
 * Copies a model into an open, empty database, and writes its description. The caller closes the database.
 *
 * @param onBytes called with the number of bytes of each value; may throw to stop.
 */
export async function fillDatabase(
  database: Database,
  { store, files }: StoredModel,
  onBytes?: (bytes: number) => void,
): Promise<void> {
  const writer = new LevelWriter(database);
  await copyStore(store, { put: (key, value) => writer.put(inOwnBuffer(key), inOwnBuffer(value)) }, onBytes);
  await writer.finish();
  await database.open();
  await putPointer(database, files);
}

/** Writes the description of a model, which completes the model. All other keys must be in the database. */
export async function putPointer(database: Database, files: ModelFiles): Promise<void> {
  await database.batch([{ type: 'put', key: POINTER_KEY, value: encodePointer(files) }], {});
}

function encodePointer({ bytes, created, weights }: ModelFiles): Uint8Array {
  return seal(encodeMsgpack({ format: FORMAT_VERSION, bytes, created, weights: Object.fromEntries(weights) }));
}

/** Decodes a description. @throws BlockDamage */
function decodePointer(value: Uint8Array): ModelFiles & { readonly format: number } {
  const pointer = decodeMsgpack(unseal(value)) as { weights: Record<string, Uint8Array> } | null;
  if (typeof pointer !== 'object' || pointer === null || !('weights' in pointer))
    throw new BlockDamage('no description');
  const { format, bytes, created, weights } = pointer as unknown as ModelFiles & {
    format: number;
    weights: Record<string, Uint8Array>;
  };
  return { format, bytes, created, weights: new Map(Object.entries(weights)) };
}

async function isEmpty(store: ModelStore): Promise<boolean> {
  const entries = store.entries()[Symbol.asyncIterator]();
  const { done } = await entries.next();
  await entries.return?.();
  return done === true;
}
