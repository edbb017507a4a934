import { rmSync } from 'node:fs';
import { copyFile, link, mkdir, open, readdir, readFile, rename, rm, rmdir, stat, symlink } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { KneserError, systemCode, writeError } from '../errors.js';
import { makeTemporaryFolder, ownMark, removeAbandoned } from '../leftovers.js';
import { describeUnfinished, readRecord } from '../resume/record.js';
import { digestBuffer, digestFile } from './file-digest.js';
import { FORMAT_VERSION } from './manifest.js';
import type { ModelFiles } from '../score/parts.js';
import type { ModelStore } from './store.js';

/**
 * A model folder: one small pointer file and the immutable generation it names, a LevelDB folder. A new model is built
 * as another generation, and becomes the model when the pointer is replaced by a rename. LevelDB lets one process in and
 * rewrites its files when it opens, so readers open a private folder of links to a generation's table files and copies
 * of the rest.
 */
const POINTER = 'kneser.json';
const GENERATION = /^generation-(\d+)$/;
/** The folder of what is needed until a generation is complete: it is there while one is made, and after that was broken off. */
const WORK = 'kneser.training';
/** Files that are checked at the same time. */
const CHECKED_AT_ONCE = 4;

interface PointerFile {
  readonly name: string;
  readonly bytes: number;
  /** As {@link digestFile} has it. */
  readonly crc32: string;
}

/** What the pointer file says. */
export interface Pointer {
  readonly kneser: number;
  readonly generation: string;
  /** ISO 8601. */
  readonly created: string;
  /** All files of the generation together. */
  readonly bytes: number;
  readonly files: readonly PointerFile[];
}

/** A generation that is being built. No other process builds one in the same folder. */
export interface Draft {
  /** The name of the generation. */
  readonly generation: string;
  /** The folder of its LevelDB; not there yet, unless the draft is gone on with. */
  readonly database: string;
  /** A folder for all that is not needed any more once it is complete. */
  readonly temporary: string;
  /** Stores a set of weights in it. */
  putWeights(name: string, value: Uint8Array): Promise<void>;
  /** Makes it the model, and removes the one before. */
  publish(): Promise<Pointer>;
  /** Removes it. */
  discard(): Promise<void>;
  /** Leaves it as it is, to be gone on with. */
  leave(): Promise<void>;
}

/** Looks whether a draft that was broken off can be gone on with. @returns its generation, or `undefined`. */
export type FindUnfinished = (temporary: string) => Promise<string | undefined>;

/**
 * Begins a generation in the folder `path`, which is made if it is missing. What was left there by one that was broken off
 * is removed, unless it is gone on with.
 *
 * @param force whether a model that is there may be replaced. It stays in use until the new one is complete.
 * @param find where a draft may be gone on with: that needs no `force`, nor does one that cannot be gone on with.
 * @throws KNESER_OPTION, KNESER_OUTPUT_EXISTS, KNESER_OUTPUT_DENIED, KNESER_DISK_FULL, KNESER_IO, and what `find` throws.
 */
export async function beginDraft(path: string, force: boolean, find?: FindUnfinished): Promise<Draft> {
  if (path === '') throw new KneserError('KNESER_OPTION', 'out: the name of the model folder is empty');
  try {
    const before = await existingEntries(path);
    const foreign = before.filter(name => !isOwn(name));
    if (foreign.length > 0) {
      throw new KneserError(
        'KNESER_OUTPUT_EXISTS',
        `${path}: this folder holds other files (${foreign[0]} …); name a new or empty one with --out`,
      );
    }
    if (before.length > 0 && !force && !find) throw await outputExists(path, before);
    const { lockFolder } = await import('./lock.js');
    const made = await mkdir(path, { recursive: true });
    const temporary = join(path, WORK);
    const lock = await lockFolder(temporary, path);
    const removeWork = async (): Promise<void> => {
      await lock.remove();
      if (made !== undefined) await removeEmpty(path, made);
    };
    const unfinished = await find?.(temporary).catch(async (error: unknown) => {
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
        publish: async () => {
          const pointer = await publish(path, generation);
          // From here on the new model is the one: what cannot be removed of the old one is left to the next training.
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

/** Makes a new generation's folder, after those that are no more, but for the model's, were removed. */
async function beginGeneration(path: string, force: boolean): Promise<string> {
  const entries = await existingEntries(path);
  if (entries.includes(POINTER) && !force) throw await outputExists(path, entries);
  const published = await readPointer(path).catch(() => undefined);
  // Where the pointer file cannot be read, no generation is known to be the model's: they go when there is a new one.
  if (published || !entries.includes(POINTER)) await removeLeftovers(path, published?.generation);
  const last = Math.max(0, ...entries.map(name => Number(GENERATION.exec(name)?.[1] ?? 0)));
  const generation = `generation-${last + 1}`;
  await mkdir(join(path, generation));
  return generation;
}

/** Whether an entry of a model folder is one that this module makes. */
function isOwn(name: string): boolean {
  return name.startsWith(POINTER) || name.startsWith(WORK) || GENERATION.test(name);
}

/** Removes all that was made here but the pointer file, a generation, and the lock that is held. */
async function removeLeftovers(path: string, generation: string | undefined): Promise<void> {
  const kept = [POINTER, WORK, generation];
  for (const name of await readdir(path)) {
    if (isOwn(name) && !kept.includes(name)) await rm(join(path, name), { recursive: true, force: true });
  }
  for (const name of await readdir(join(path, WORK))) {
    if (name !== 'lock') await rm(join(path, WORK, name), { recursive: true, force: true });
  }
}

/** The generation that the pointer file names; `undefined` where there is none that can be read. */
export async function publishedGeneration(path: string): Promise<string | undefined> {
  return (await readPointer(path).catch(() => undefined))?.generation;
}

async function outputExists(path: string, entries: readonly string[]): Promise<KneserError> {
  const message = entries.includes(POINTER)
    ? `${path}: there is a model here already; pass --force to replace it, or another --out`
    : `${await unfinishedMessage(path)}\nTo begin anew instead, pass --force`;
  return new KneserError('KNESER_OUTPUT_EXISTS', message);
}

async function unfinishedMessage(path: string): Promise<string> {
  return `${path}: ${describeUnfinished(await readRecord(join(path, WORK)), path)}`;
}

/** Removes a folder and those around it, out to `outermost`, as far as they are empty. */
async function removeEmpty(path: string, outermost: string): Promise<void> {
  for (let at = resolve(path); at.length >= resolve(outermost).length; at = dirname(at)) {
    try {
      await rmdir(at);
    } catch {
      return;
    }
  }
}

async function existingEntries(path: string): Promise<string[]> {
  try {
    return await readdir(path);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return [];
    throw error;
  }
}

async function publish(path: string, generation: string): Promise<Pointer> {
  const tables = join(path, generation, 'tables');
  const files: PointerFile[] = [];
  for (const name of (await readdir(tables)).sort()) {
    if (name === 'LOCK' || name.startsWith('LOG')) {
      await rm(join(tables, name));
      continue;
    }
    const { size } = await stat(join(tables, name));
    files.push({ name, bytes: size, crc32: await digestFile(join(tables, name)) });
  }
  const pointer: Pointer = {
    kneser: FORMAT_VERSION,
    generation,
    created: new Date().toISOString(),
    bytes: files.reduce((sum, file) => sum + file.bytes, 0),
    files,
  };
  // Written within the generation, which is removed as a whole if this fails; readers see the old pointer or the new.
  const draft = join(path, generation, POINTER);
  await writeSynced(draft, JSON.stringify(pointer, undefined, 1) + '\n');
  await rename(draft, join(path, POINTER));
  return pointer;
}

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
 * @throws KNESER_INPUT_MISSING, KNESER_NOT_A_MODEL, KNESER_UNFINISHED, KNESER_VERSION, KNESER_DAMAGED
 */
export async function readPointer(path: string): Promise<Pointer> {
  let text: string;
  try {
    text = await readFile(join(path, POINTER), 'utf8');
  } catch (error) {
    throw await pointerMissing(path, error);
  }
  let pointer: Partial<Pointer>;
  try {
    pointer = (JSON.parse(text) as Partial<Pointer> | null) ?? {};
  } catch (error) {
    throw new KneserError('KNESER_DAMAGED', `${join(path, POINTER)}: this file is damaged; train the model again`, {
      cause: error,
    });
  }
  if (typeof pointer.kneser === 'number' && pointer.kneser !== FORMAT_VERSION) {
    throw new KneserError(
      'KNESER_VERSION',
      `${path}: a model of format ${pointer.kneser}; this version of kneser reads format ${FORMAT_VERSION}. Train it again`,
    );
  }
  if (!isPointer(pointer)) {
    throw new KneserError('KNESER_DAMAGED', `${join(path, POINTER)}: this file is damaged; train the model again`);
  }
  return pointer;
}

function isPointer(value: Partial<Pointer>): value is Pointer {
  const { files = [] } = value;
  return (
    typeof value.kneser === 'number' &&
    typeof value.generation === 'string' &&
    GENERATION.test(value.generation) &&
    typeof value.created === 'string' &&
    typeof value.bytes === 'number' &&
    Array.isArray(value.files) &&
    (files as readonly (Partial<PointerFile> | null)[]).every(
      file => /^[A-Za-z0-9._-]+$/.test(file?.name ?? '') && Number.isSafeInteger(file?.bytes),
    ) &&
    value.bytes === files.reduce((sum, { bytes }) => sum + bytes, 0)
  );
}

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
      return new KneserError(
        'KNESER_NOT_A_MODEL',
        `${path}: is a file; a model is a folder made by kneser train`,
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
  const leveldb = entries.includes('CURRENT') ? 'a LevelDB of something else' : 'not a kneser model';
  return new KneserError('KNESER_NOT_A_MODEL', `${path}: ${leveldb}; name a folder made by kneser train`, cause);
}

/**
 * Opens the model in a folder for reading, beside any number of other readers. Nothing in the folder is written.
 *
 * @throws what {@link readPointer} throws, KNESER_DAMAGED where files differ from what the pointer file says, and
 *   KNESER_OUTPUT_DENIED, KNESER_DISK_FULL or KNESER_IO where the private folder cannot be made.
 */
export async function openFolder(path: string): Promise<{ store: ModelStore; files: ModelFiles }> {
  const { openLevelStore } = await import('./leveldb.js');
  for (let attempt = 0; ; attempt++) {
    const pointer = await readPointer(path);
    const tables = join(path, pointer.generation, 'tables');
    const view = await makeTemporaryFolder();
    openViews.add(view);
    const removeView = async (): Promise<void> => {
      openViews.delete(view);
      await rm(view, { recursive: true, force: true });
    };
    try {
      await checkFiles(tables, pointer.files);
      for (const { name } of pointer.files) {
        if (name.endsWith('.ldb')) await linkFile(join(tables, name), join(view, name));
        else await copyFile(join(tables, name), join(view, name));
      }
      const weights = await readWeightFiles(join(path, pointer.generation));
      const store = await openLevelStore(view, path);
      const closeAll = async (): Promise<void> => {
        await store.close();
        await removeView();
      };
      const { bytes, created } = pointer;
      return { store: { ...store, close: closeAll }, files: { bytes, created, weights } };
    } catch (error) {
      await removeView();
      // A new generation may have taken this one's place between the two looks.
      if (attempt < 3 && (await readPointer(path)).generation !== pointer.generation) continue;
      if (error instanceof KneserError) throw error;
      const failed = writeError(view, error);
      if (failed.code === 'KNESER_DISK_FULL') throw failed;
      const reason = error instanceof Error ? ((error.cause as Error | undefined)?.message ?? error.message) : '';
      throw new KneserError('KNESER_DAMAGED', `${tables}: cannot be opened: ${reason}`, { cause: error });
    }
  }
}

const WEIGHTS_FOLDER = 'weights';
const WEIGHTS_FILE = /^([A-Za-z0-9][A-Za-z0-9._-]{0,63})\.weights$/;

/** Whether text can name a set of weights. */
export function isWeightsName(name: string): boolean {
  return WEIGHTS_FILE.test(`${name}.weights`);
}

async function readWeightFiles(generation: string): Promise<Map<string, Uint8Array>> {
  const folder = join(generation, WEIGHTS_FOLDER);
  const weights = new Map<string, Uint8Array>();
  for (const file of (await existingEntries(folder)).sort()) {
    const name = WEIGHTS_FILE.exec(file)?.[1];
    if (name !== undefined) weights.set(name, await readFile(join(folder, file)));
  }
  return weights;
}

async function putWeights(generation: string, name: string, value: Uint8Array): Promise<void> {
  const folder = join(generation, WEIGHTS_FOLDER);
  await mkdir(folder, { recursive: true });
  await removeAbandoned(folder, '.');
  const draft = join(folder, `.${ownMark()}`);
  await writeSynced(draft, value);
  await rename(draft, join(folder, `${name}.weights`));
}

/** Stores a set of weights beside the counts of the model in a folder; readers see the old set or the new one. */
export async function writeWeights(path: string, name: string, value: Uint8Array): Promise<void> {
  try {
    await putWeights(join(path, (await readPointer(path)).generation), name, value);
  } catch (error) {
    throw writeError(path, error);
  }
}

/** Private folders that are to be removed when the process ends without closing its models. */
const openViews = new Set<string>();
process.once('exit', () => {
  for (const view of openViews) rmSync(view, { recursive: true, force: true });
});

async function checkFiles(folder: string, files: readonly PointerFile[]): Promise<void> {
  const rest = files.values();
  const checkRest = async (): Promise<void> => {
    const buffer = digestBuffer();
    for (const file of rest) await checkFile(folder, file, buffer);
  };
  await Promise.all(Array.from({ length: CHECKED_AT_ONCE }, checkRest));
}

async function checkFile(folder: string, { name, bytes, crc32 }: PointerFile, buffer: Uint8Array): Promise<void> {
  const path = join(folder, name);
  let intact: boolean;
  try {
    const { size } = await stat(path);
    intact = size === bytes && (await digestFile(path, buffer)) === crc32;
  } catch (error) {
    const code = systemCode(error);
    const cause = { cause: error };
    if (code === 'ENOENT') throw new KneserError('KNESER_DAMAGED', `${path}: this file of the model is missing`, cause);
    throw new KneserError('KNESER_INPUT_UNREADABLE', `${path}: cannot be read (${code ?? String(error)})`, cause);
  }
  if (!intact) throw new KneserError('KNESER_DAMAGED', `${path}: this file of the model was changed or damaged`);
}

async function linkFile(from: string, to: string): Promise<void> {
  try {
    await link(from, to);
  } catch {
    await symlink(resolve(from), to).catch(() => copyFile(from, to));
  }
}
