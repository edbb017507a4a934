import { rmSync } from 'node:fs';
import {
  copyFile,
  link,
  mkdir,
  mkdtemp,
  open,
  readdir,
  readFile,
  rename,
  rm,
  rmdir,
  stat,
  symlink,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { KneserError, systemCode, writeError } from '../errors.js';
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

/** A generation that is being built. */
export interface Draft {
  /** The folder of its LevelDB; not there yet. */
  readonly database: string;
  /** A folder for temporary files. */
  readonly temporary: string;
  /** Stores a set of weights in it. */
  putWeights(name: string, value: Uint8Array): Promise<void>;
  /** Makes it the model, and removes the one before. */
  publish(): Promise<Pointer>;
  /** Removes it. */
  discard(): Promise<void>;
}

/**
 * Begins a generation in the folder `path`, which is made if it is missing.
 *
 * @param force whether a model that is there may be replaced. It stays in use until the new one is complete.
 * @throws KNESER_OPTION, KNESER_OUTPUT_EXISTS, KNESER_OUTPUT_DENIED, KNESER_DISK_FULL, KNESER_IO
 */
export async function beginDraft(path: string, force: boolean): Promise<Draft> {
  if (path === '') throw new KneserError('KNESER_OPTION', 'out: the name of the model folder is empty');
  try {
    const entries = await existingEntries(path);
    const foreign = entries.filter(name => !name.startsWith(POINTER) && !GENERATION.test(name));
    if (foreign.length > 0) {
      throw new KneserError(
        'KNESER_OUTPUT_EXISTS',
        `${path}: this folder holds other files (${foreign[0]} …); name a new or empty one with --out`,
      );
    }
    if (entries.length > 0 && !force) {
      const what = entries.includes(POINTER) ? 'there is a model here already' : 'an unfinished model lies here';
      throw new KneserError('KNESER_OUTPUT_EXISTS', `${path}: ${what}; pass --force to replace it, or another --out`);
    }
    const made = await mkdir(path, { recursive: true });
    const last = Math.max(0, ...entries.map(name => Number(GENERATION.exec(name)?.[1] ?? 0)));
    const generation = `generation-${last + 1}`;
    const folder = join(path, generation);
    const temporary = join(folder, 'temporary');
    await mkdir(folder);
    await mkdir(temporary);
    return {
      database: join(folder, 'tables'),
      temporary,
      putWeights: (name, value) => putWeights(folder, name, value),
      publish: () => publish(path, generation, entries),
      discard: async () => {
        await rm(folder, { recursive: true, force: true });
        if (made !== undefined) await removeEmpty(path, made);
      },
    };
  } catch (error) {
    throw writeError(path, error);
  }
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

async function publish(path: string, generation: string, before: readonly string[]): Promise<Pointer> {
  await rm(join(path, generation, 'temporary'), { recursive: true, force: true });
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
  // From here on the new model is the one: what cannot be removed of the old one is left to the next training.
  const old = before.filter(name => name !== POINTER);
  for (const name of old) await rm(join(path, name), { recursive: true, force: true }).catch(() => undefined);
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
    /^[\dTZ:.-]+$/.test(value.created ?? '') &&
    typeof value.bytes === 'number' &&
    Array.isArray(value.files) &&
    (files as readonly (Partial<PointerFile> | null)[]).every(
      file => /^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(file?.name ?? '') && Number.isSafeInteger(file?.bytes),
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
  if (entries.some(name => GENERATION.test(name))) {
    return new KneserError(
      'KNESER_UNFINISHED',
      `${path}: training did not finish here; train again with --force`,
      cause,
    );
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
    const view = await mkdtemp(join(tmpdir(), `kneser-${process.pid}-`)).catch((error: unknown) => {
      throw writeError(tmpdir(), error);
    });
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
  const draft = join(folder, `.${name}-${process.pid}`);
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
