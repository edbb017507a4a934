import { readUnfinished, RECORD } from '../../store/folder/unfinished.js';
import { open, rename, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { KneserError } from '../../base/errors.js';
import type { CountedTable, TextFigures } from './checkpoints.js';
import type { Input } from '../../text/formats/input.js';

/** A file of a training that was broken off, and what to know it by. */
export interface SavedFile {
  readonly name: string;
  readonly bytes: number;
  /** As `digestFile` has it. */
  readonly crc32: string;
}

/** A text that was written down as word numbers. */
export interface SavedText extends TextFigures {
  readonly files: readonly SavedFile[];
  /** The names of the files of word numbers: those that are counted, and those held out. */
  readonly numbers: string;
  readonly heldOutNumbers: string;
}

/** A file that is trained on; a pipe has neither size nor time. */
export interface RecordedInput {
  readonly path: string;
  readonly bytes?: number;
  /** When it was last changed, in milliseconds since 1970. */
  readonly modified?: number;
}

/** What a training was begun with: the model follows from it, and from nothing else. */
export interface Beginning {
  /** The options by name, those that the model depends on. */
  readonly settings: Readonly<Record<string, string | number | boolean>>;
  /** `null` where sentences were given instead of files. */
  readonly inputs: readonly RecordedInput[] | null;
}

/** What a training that is not complete writes down of itself. */
export interface TrainingRecord extends Beginning {
  readonly format: number;
  readonly generation: string;
  /** What to type to go on; `null` where the library was called. */
  readonly command: string | null;
  /** Missing until the text was read and is on the disk. */
  readonly text?: SavedText;
  /** How many tables there will be; missing until counting has begun. */
  readonly tableCount?: number;
  /** The tables that are complete and on the disk. */
  readonly tables: readonly CountedTable[];
}

/** Reads what the last training left in its folder; `undefined` where it left nothing that can be read. */
export async function readRecord(folder: string): Promise<TrainingRecord | undefined> {
  return (await readUnfinished(folder)) as TrainingRecord | undefined;
}

/** Replaces the record. @param lasting whether it must outlast the machine's failure, and not just the process's. */
export async function writeRecord(folder: string, record: TrainingRecord, lasting: boolean): Promise<void> {
  const path = join(folder, RECORD);
  const file = await open(`${path}.tmp`, 'w');
  try {
    await file.writeFile(JSON.stringify(record));
    if (lasting) await file.sync();
  } finally {
    await file.close();
  }
  await rename(`${path}.tmp`, path);
}

/** What the inputs are known by. */
export async function recordInputs(inputs: readonly Input[]): Promise<RecordedInput[]> {
  return Promise.all(
    inputs.map(async ({ path, bytes }) => {
      if (bytes === undefined) return { path };
      return { path: resolve(path), bytes, modified: (await stat(path)).mtimeMs };
    }),
  );
}

/** @throws KNESER_OPTION that says in what a training differs from the one it is to go on with. */
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
    `${out}: the training to be resumed was begun with other ${differences.join(', ')}; ` +
      'resume it with what it was begun with, or begin anew with --force and without --resume',
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
