import { readUnfinished, RECORD } from '../../store/folder/unfinished.js';
import { open, rename, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { KneserError } from '../../base/errors.js';
import type { CountedTable, TextFigures } from './checkpoints.js';
import type { Input } from '../../text/formats/input.js';

/** A file of an interrupted training, with its size and checksum, which show later whether it is damaged. */
export interface SavedFile {
  readonly name: string;
  readonly bytes: number;
  /** CRC-32 in hexadecimal, as `digestFile` writes it. */
  readonly crc32: string;
}

/** A text that is stored as word indices. */
export interface SavedText extends TextFigures {
  readonly files: readonly SavedFile[];
  /** Name of the file with the word indices of counted sentences. */
  readonly numbers: string;
  /** Name of the file with the word indices of held-out sentences. */
  readonly heldOutNumbers: string;
}

/** A file of the training text. A pipe has neither size nor time. */
export interface RecordedInput {
  readonly path: string;
  readonly bytes?: number;
  /** Time of the last change [ms since 1970]. */
  readonly modified?: number;
}

/** The options and files that a training began with. The model depends on nothing else. */
export interface Beginning {
  /** The options that the model depends on, by label. */
  readonly settings: Readonly<Record<string, string | number | boolean>>;
  /** The files; `null` if sentences were given. */
  readonly inputs: readonly RecordedInput[] | null;
}

/** The record of an unfinished training: `record.json` in its work folder. */
export interface TrainingRecord extends Beginning {
  /** Version of the format of models. */
  readonly format: number;
  /** The generation that the training makes. */
  readonly generation: string;
  /** The command line that resumes the training; `null` if the library was called. */
  readonly command: string | null;
  /** The stored text; missing until all of it is on the disk. */
  readonly text?: SavedText;
  /** How many tables are sorted in all; missing until counting begins. */
  readonly tableCount?: number;
  /** The finished tables, all of them on the disk. */
  readonly tables: readonly CountedTable[];
}

/** Reads the record in a work folder; `undefined` if there is none, or it is unreadable. */
export async function readRecord(folder: string): Promise<TrainingRecord | undefined> {
  return (await readUnfinished(folder)) as TrainingRecord | undefined;
}

/** Replaces the record atomically. @param isLasting whether to wait for the disk: then the record survives a crash of the machine, else only of the process. */
export async function writeRecord(folder: string, record: TrainingRecord, isLasting: boolean): Promise<void> {
  const path = join(folder, RECORD);
  const file = await open(`${path}.tmp`, 'w');
  try {
    await file.writeFile(JSON.stringify(record));
    if (isLasting) await file.sync();
  } finally {
    await file.close();
  }
  await rename(`${path}.tmp`, path);
}

/** Path, size and time of change of each input. `--resume` compares them. */
export async function recordInputs(inputs: readonly Input[]): Promise<RecordedInput[]> {
  return Promise.all(
    inputs.map(async ({ path, bytes }) => {
      if (bytes === undefined) return { path };
      return { path: resolve(path), bytes, modified: (await stat(path)).mtimeMs };
    }),
  );
}

/** Refuses to continue a training with other options or files. @throws KNESER_OPTION with each difference. */
export function requireSame(out: string, record: Beginning, now: Beginning): void {
  const differences: string[] = [];
  for (const name of new Set([...Object.keys(record.settings), ...Object.keys(now.settings)])) {
    const [before, after] = [record.settings[name], now.settings[name]];
    if (before !== after) differences.push(`${name} (${show(before)}, now ${show(after)})`);
  }
  differences.push(...differentInputs(record.inputs, now.inputs));
  if (differences.length === 0) return;
  throw new KneserError(
    'KNESER_OPTION',
    `${out}: the interrupted training began with other ${differences.join(', ')}; ` +
      'resume it with the same options and files, or begin anew with force (--force) and without resume (--resume)',
  );
}

function show(value: string | number | boolean | undefined): string {
  return value === undefined || value === '' ? 'none' : String(value);
}

function differentInputs(before: Beginning['inputs'], now: Beginning['inputs']): string[] {
  if (before === null || now === null) return before === now ? [] : ['text'];
  if (before.length !== now.length) return [`files (${before.length}, now ${now.length})`];
  const changed = now.findIndex(({ path, bytes, modified }, i) => {
    const then = before[i];
    return path !== then.path || bytes !== then.bytes || modified !== then.modified;
  });
  if (changed < 0) return [];
  const [then, { path }] = [before[changed], now[changed]];
  return [then.path === path ? `contents of ${path}` : `files (${then.path}, now ${path})`];
}
