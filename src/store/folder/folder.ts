import { mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { isOutOfFiles, KneserError, readError, systemCode, writeError } from '../../base/errors.js';
import { helpFor, type FileKind } from '../../base/file-kinds.js';
import { quoted } from '../../base/quoted.js';
import { kindOfFile } from '../../base/node/file-head.js';
import { makeFolder, removeEmpty } from '../../base/node/folders.js';
import { ownMark, removeAbandoned } from '../../base/node/leftovers.js';
import { openPackedFile } from '../packed/file-source.js';
import { describeUnfinished, readUnfinished } from './unfinished.js';
import { digestFile } from '../../base/node/file-digest.js';
import { FORMAT_VERSION, versionError } from '../keys.js';
import type { ModelFiles } from '../store.js';
import type { ModelStore } from '../store.js';
import { decodePointer, encodePointer, GENERATION, POINTER, type Pointer, type PointerFile } from './pointer.js';
import { describeTableFile } from './table-file.js';
import { TableStore } from './table-store.js';
import { createView, type View } from './view.js';

/** The work folder, with temporary files of a build. It exists while a model is built, and stays for `--resume` if the build is interrupted. */
const WORK = 'kneser.training';

/** A generation that is being built. A lock keeps other processes from building in the same folder. */
export interface Draft {
  /** The name of the generation. */
  readonly generation: string;
  /** The path of its LevelDB. At the beginning there is a LevelDB only if an unfinished build is continued. */
  readonly database: string;
  /** The work folder, for files that nobody needs once the generation is complete. */
  readonly temporary: string;
  /** Stores an encoded set of weights in the generation. */
  putWeights(name: string, value: Uint8Array): Promise<void>;
  /** Makes the generation the model of the folder, and removes the earlier generation. @param created when the model was made, ISO 8601; default now. */
  publish(created?: string): Promise<Pointer>;
  /** Removes the generation and the work folder. */
  discard(): Promise<void>;
  /** Keeps all files, so that a later build can continue, and releases the lock. */
  leave(): Promise<void>;
}

/** Looks in the work folder for an unfinished build to continue. @returns its generation, or `undefined`. */
export type FindUnfinished = (temporary: string) => Promise<string | undefined>;

/**
 * Begins a generation in the folder `path`, which is made if it is missing, or continues an unfinished generation. Removes the leftovers
 * of an unfinished generation that is not continued. `writeModel` calls this function to write whole models.
 *
 * @param force whether a model in the folder may be replaced. It stays in use until the new one is complete.
 * @param findUnfinished looks in the work folder for a build to continue. If it is given, an unfinished build is continued or, if that is
 *   impossible, replaced, even without `force`.
 * @throws KNESER_OPTION, KNESER_OUTPUT_EXISTS, KNESER_OUTPUT_DENIED, KNESER_DISK_FULL, KNESER_IO, and the errors of `findUnfinished`.
 */
export async function beginDraft(path: string, force: boolean, findUnfinished?: FindUnfinished): Promise<Draft> {
  if (path === '') throw new KneserError('KNESER_OPTION', 'out: the name of the model folder is empty');
  // Absolute, because the process may change its working folder.
  path = resolve(path);
  try {
    const before = await existingEntries(path);
    const foreign = before.filter(name => !isOwnEntry(name));
    if (foreign.length > 0) {
      throw new KneserError(
        'KNESER_OUTPUT_EXISTS',
        `${path}: this folder holds other files (${foreign[0]} …); name a new or empty one as out (--out)`,
      );
    }
    if (before.length > 0 && !force && !findUnfinished) throw await outputExists(path, before);
    const { lockFolder } = await import('./lock.js');
    const made = await makeFolder(path);
    const temporary = join(path, WORK);
    const removeFolder = async (): Promise<void> => {
      if (made !== undefined) await removeEmpty(path, made);
    };
    const lock = await lockFolder(temporary, path).catch(async (error: unknown) => {
      await removeFolder();
      throw error;
    });
    const removeWork = async (): Promise<void> => {
      await lock.remove();
      await removeFolder();
    };
    const unfinished = await findUnfinished?.(temporary).catch(async (error: unknown) => {
      await lock.release();
      throw error;
    });
    try {
      const generation = unfinished ?? (await beginGeneration(path, force));
      const folder = join(path, generation);
      return {
        generation,
        database: join(folder, 'tables'),
        temporary,
        putWeights: (name, value) => putWeights(folder, name, value),
        publish: async created => {
          const pointer = await publish(path, generation, created);
          // The new model is in place. The next build removes files of the old one that cannot be removed now.
          await removeLeftovers(path, generation).catch(() => undefined);
          await lock.remove().catch(() => undefined);
          return pointer;
        },
        discard: async () => {
          await rm(folder, { recursive: true, force: true });
          await removeWork();
        },
        leave: () => lock.release(),
      };
    } catch (error) {
      await removeWork();
      throw error;
    }
  } catch (error) {
    throw writeError(path, error);
  }
}

/** Removes the leftovers of earlier builds, and makes the folder of a new generation. @returns its name. */
async function beginGeneration(path: string, force: boolean): Promise<string> {
  const entries = await existingEntries(path);
  if (entries.includes(POINTER) && !force) throw await outputExists(path, entries);
  const published = await readPointer(path).catch(() => undefined);
  // If the pointer file cannot be read, any generation may be the model, so that all stay until the new one is complete.
  if (published || !entries.includes(POINTER)) await removeLeftovers(path, published?.generation);
  const last = Math.max(0, ...entries.map(name => Number(GENERATION.exec(name)?.[1] ?? 0)));
  const generation = `generation-${last + 1}`;
  await mkdir(join(path, generation));
  return generation;
}

/** Whether an entry of a model folder has a name that kneser gives. */
export function isOwnEntry(name: string): boolean {
  return name.startsWith(POINTER) || name.startsWith(WORK) || GENERATION.test(name);
}

/** Removes all entries that kneser made, except the pointer file, one generation, and the lock that this process holds. */
async function removeLeftovers(path: string, generation: string | undefined): Promise<void> {
  const kept = [POINTER, WORK, generation];
  for (const name of await readdir(path)) {
    if (isOwnEntry(name) && !kept.includes(name)) await rm(join(path, name), { recursive: true, force: true });
  }
  for (const name of await readdir(join(path, WORK))) {
    if (name !== 'lock') await rm(join(path, WORK, name), { recursive: true, force: true });
  }
}

/** The generation that the pointer file names; `undefined` if there is no pointer file, or none that can be read. */
export async function publishedGeneration(path: string): Promise<string | undefined> {
  return (await readPointer(path).catch(() => undefined))?.generation;
}

/** The error for a folder with a model or an unfinished model. */
async function outputExists(path: string, entries: readonly string[]): Promise<KneserError> {
  const message = entries.includes(POINTER)
    ? `${path}: there is a model here already; replace it with force (--force), or name another out (--out)`
    : `${await unfinishedMessage(path)}\nTo begin anew instead, use force (--force)`;
  return new KneserError('KNESER_OUTPUT_EXISTS', message);
}

async function unfinishedMessage(path: string): Promise<string> {
  return `${path}: ${describeUnfinished(await readUnfinished(join(path, WORK)), path)}`;
}

/** The names of the entries of a folder; none for a missing folder. */
async function existingEntries(path: string): Promise<string[]> {
  try {
    return await readdir(path);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return [];
    throw error;
  }
}

/** Makes a complete generation the model of a folder: writes the pointer file. */
async function publish(path: string, generation: string, created = new Date().toISOString()): Promise<Pointer> {
  const tables = join(path, generation, 'tables');
  const files: PointerFile[] = [];
  for (const name of (await readdir(tables)).sort()) {
    if (name === 'LOCK' || name.startsWith('LOG')) {
      await rm(join(tables, name));
      continue;
    }
    const { size } = await stat(join(tables, name));
    const path = join(tables, name);
    const table = name.endsWith('.ldb') ? await describeTableFile(path, size) : undefined;
    files.push({ name, bytes: size, crc32: await digestFile(path), ...(table ? { table } : {}) });
  }
  const pointer: Pointer = {
    kneser: FORMAT_VERSION,
    generation,
    created,
    bytes: files.reduce((sum, file) => sum + file.bytes, 0),
    files,
  };
  // The file is written within the generation, which is removed if this fails. The rename is atomic, so that readers see the old pointer
  // or the new one.
  const draft = join(path, generation, POINTER);
  await writeSynced(draft, encodePointer(pointer));
  await rename(draft, join(path, POINTER));
  return pointer;
}

/** Writes a file, and waits until it is safe on the disk. */
async function writeSynced(path: string, content: string | Uint8Array): Promise<void> {
  const file = await open(path, 'w');
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
}

/**
 * Reads the pointer file of a model folder.
 *
 * @param format the version of the model that is wanted.
 * @throws KNESER_INPUT_MISSING, KNESER_NOT_A_MODEL, KNESER_UNFINISHED, KNESER_VERSION, KNESER_DAMAGED
 */
export async function readPointer(path: string, format = FORMAT_VERSION): Promise<Pointer> {
  let text: string;
  try {
    text = await readFile(join(path, POINTER), 'utf8');
  } catch (error) {
    throw await pointerMissing(path, error);
  }
  const pointer = decodePointer(text, format);
  if (typeof pointer === 'number') {
    throw versionError(path, pointer, format);
  }
  if (!pointer) {
    throw new KneserError('KNESER_DAMAGED', `${join(path, POINTER)}: this file is damaged; train the model again`);
  }
  return pointer;
}

/** The error for a path without a pointer file that can be read: says what is at the path instead. */
async function pointerMissing(path: string, error: unknown): Promise<KneserError> {
  const cause = { cause: error };
  let entries: string[];
  try {
    entries = await readdir(path);
  } catch (listError) {
    const code = systemCode(listError);
    if (code === 'ENOENT')
      return new KneserError('KNESER_INPUT_MISSING', `${path}: there is no such model folder`, cause);
    if (code === 'ENOTDIR') {
      const packed = await openPackedFile(path).catch(() => undefined);
      await packed?.close?.();
      if (packed) {
        return new KneserError(
          'KNESER_OUTPUT_DENIED',
          `${path}: a packed model cannot be changed or verified; unpack it first (kneser unpack), and name the folder`,
          cause,
        );
      }
      const kind = await kindOfFile(path);
      return new KneserError(
        'KNESER_NOT_A_MODEL',
        `${path}: is ${kind?.what ?? 'a file'}; a model is a folder made by kneser train, or a file made by kneser pack` +
          `. ${waysToModel(kind, path)}`,
        cause,
      );
    }
    return new KneserError('KNESER_INPUT_UNREADABLE', `${path}: cannot be read (${code ?? String(listError)})`, cause);
  }
  if (systemCode(error) !== 'ENOENT') {
    return new KneserError('KNESER_INPUT_UNREADABLE', `${path}: ${POINTER} cannot be read`, cause);
  }
  if (entries.some(name => GENERATION.test(name) || name.startsWith(WORK))) {
    return new KneserError('KNESER_UNFINISHED', await unfinishedMessage(path), cause);
  }
  const found = entries.includes('CURRENT') ? 'a LevelDB of another program' : 'not a kneser model';
  return new KneserError('KNESER_NOT_A_MODEL', `${path}: ${found}; name a folder made by kneser train`, cause);
}

/** How to get a model from a file of another kind: a sentence with a command. */
function waysToModel(kind: FileKind | undefined, path: string): string {
  if (!kind) return `If it is text, train on it: kneser train ${quoted(path)} --out DIR`;
  switch (kind.name) {
    case 'arpa':
      return `Make a model of it: kneser import ${quoted(path)} --out DIR`;
    case 'json':
      return `If it is a tokenizer.json, train with it: kneser train TEXT --tokenizer ${quoted(path)} --out DIR`;
    case 'parquet':
      return `Train on it: kneser train ${quoted(path)} --out DIR`;
    default: {
      const help = helpFor(kind, path);
      return help[0].toUpperCase() + help.slice(1);
    }
  }
}

/** A model folder that is open for reading. */
export interface OpenFolder {
  readonly store: ModelStore;
  readonly files: ModelFiles;
  readonly pointer: Pointer;
}

/**
 * Opens the model in a folder for reading, beside any number of other readers. Writes nothing into the folder. An open model stays
 * readable and unchanged when the folder gets another model.
 *
 * @param format the version of the model that is wanted.
 * @throws the errors of {@link readPointer} and {@link createView}; KNESER_DAMAGED
 */
export async function openFolder(path: string, format = FORMAT_VERSION): Promise<OpenFolder> {
  for (let attempt = 1; ; attempt++) {
    const pointer = await readPointer(path, format);
    const opened = await openGeneration(path, pointer).catch((error: unknown) => error as Error);
    // If another generation was published meanwhile, files of this one may be missing: try again with the other one.
    const latest = await readPointer(path, format).catch(() => pointer);
    if (attempt === ATTEMPTS || (latest.generation === pointer.generation && latest.created === pointer.created)) {
      if (opened instanceof Error) throw opened;
      return opened;
    }
    if (!(opened instanceof Error)) await opened.store.close();
  }
}

/** How many times `openFolder` tries to open a model that other processes replace at the same time. */
const ATTEMPTS = 100;

/** Opens the generation that a pointer names. */
async function openGeneration(path: string, pointer: Pointer): Promise<OpenFolder> {
  const { bytes, created, files } = pointer;
  const folder = join(path, pointer.generation);
  const tables = join(folder, 'tables');
  const view = await createView(tables, files);
  try {
    const weights = await readWeightFiles(folder);
    // The pointer files of kneser 0.1.0 do not describe the table files, so that LevelDB must read them.
    const isDescribed = files.every(({ name, table }) => table || !name.endsWith('.ldb'));
    const store = isDescribed
      ? new TableStore({ kind: 'tables', folder: view.path, files, name: path, shown: tables }, view)
      : await openDatabase(view, path, tables);
    return { store, files: { bytes, created, weights }, pointer };
  } catch (error) {
    await view.remove();
    throw error;
  }
}

/** Opens the LevelDB in the view of a generation. @param tables the folder of the generation, for messages. @throws KNESER_DAMAGED */
async function openDatabase(view: View, name: string, tables: string): Promise<ModelStore> {
  const { openLevelStore } = await import('./leveldb.js');
  const database = await openLevelStore(view.path, name).catch((error: unknown) => {
    const failed = writeError(view.path, error);
    if (!(failed instanceof KneserError && failed.code === 'KNESER_IO')) throw failed;
    if (isOutOfFiles(error)) throw readError(tables, error);
    const reason = error instanceof Error ? ((error.cause as Error | undefined)?.message ?? error.message) : '';
    throw new KneserError('KNESER_DAMAGED', `${tables}: cannot be opened: ${reason}`, { cause: error });
  });
  const close = async (): Promise<void> => {
    await database.close();
    await view.remove();
  };
  return { ...database, close };
}

/** The subfolder of a generation with its sets of weights. */
export const WEIGHTS_FOLDER = 'weights';
/** Matches the file names of sets of weights; the group is the name of the set. */
export const WEIGHTS_FILE = /^([A-Za-z0-9][A-Za-z0-9._-]{0,63})\.weights$/;

/** Whether a string can be the name of a set of weights. */
export function isWeightsName(name: string): boolean {
  return WEIGHTS_FILE.test(`${name}.weights`);
}

/** The sets of weights of a generation, encoded, by name. */
async function readWeightFiles(generation: string): Promise<Map<string, Uint8Array>> {
  const folder = join(generation, WEIGHTS_FOLDER);
  const weights = new Map<string, Uint8Array>();
  for (const file of (await existingEntries(folder)).sort()) {
    const name = WEIGHTS_FILE.exec(file)?.[1];
    if (name !== undefined) weights.set(name, await readFile(join(folder, file)));
  }
  return weights;
}

/** Writes a set of weights into a generation, whole or not at all. @param generation the path of the generation. */
async function putWeights(generation: string, name: string, value: Uint8Array): Promise<void> {
  const folder = join(generation, WEIGHTS_FOLDER);
  // Not recursive, because a generation that was removed must not be made again.
  await mkdir(folder).catch((error: unknown) => {
    if (systemCode(error) !== 'EEXIST') throw error;
  });
  await removeAbandoned(folder, '.');
  const draft = join(folder, `.${ownMark()}`);
  try {
    await writeSynced(draft, value);
    await rename(draft, join(folder, `${name}.weights`));
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
}

/**
 * Stores a set of weights in a model folder. Readers see the earlier set of this name or the new one.
 *
 * @param generation the generation with whose counts the weights were learned.
 * @throws KNESER_OUTPUT_EXISTS if another generation is the model by now; the errors of writing.
 */
export async function writeWeights(path: string, generation: string, name: string, value: Uint8Array): Promise<void> {
  const written = await putWeights(join(path, generation), name, value).catch((error: unknown) => error as Error);
  if ((await readPointer(path)).generation !== generation) {
    // The process that replaced the model may have failed to remove this generation because of the new file.
    await rm(join(path, generation), { recursive: true, force: true });
    throw new KneserError(
      'KNESER_OUTPUT_EXISTS',
      `${path}: the model was replaced while it was tuned; tune the new model`,
    );
  }
  if (written) throw writeError(path, written);
}
