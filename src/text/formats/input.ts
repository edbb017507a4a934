import type { Stats } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { KneserError, readError } from '../../base/errors.js';
import { STDIN } from './bytes.js';
import type { DocumentOptions } from './corpus.js';
import { FORMAT_OPTIONS, formatOf, FORMATS } from './index.js';

/** The entries that tell a model, finished or not, from a folder of text. */
const MODEL_ENTRY = /^(kneser\.(json|training)|generation-\d+)$/;

/** One input: the path of a file, or `-` for standard input, and its size on disk [bytes] unless it is a pipe. */
export interface Input {
  readonly path: string;
  readonly bytes: number | undefined;
}

/**
 * Input: names of files and folders. Output: the files that they stand for; a folder stands for those of its files, and
 * of its subfolders, whose names a format claims (`inFolders`), but not for models. Order: as given, each folder sorted
 * by name.
 *
 * @throws KNESER_INPUT_MISSING, KNESER_INPUT_UNREADABLE, KNESER_INPUT_EMPTY for a folder without text, or KNESER_OPTION
 * for an option of a format that no input has.
 */
export async function expandInputs(paths: readonly string[], documents: DocumentOptions = {}): Promise<Input[]> {
  const inputs = await expandPaths(paths);
  for (const { option, ending } of FORMATS) {
    if (!option || documents[option] === undefined || takesOption(inputs, option)) continue;
    throw new KneserError('KNESER_OPTION', `${option}: none of the inputs is a ${ending} file; leave it out`);
  }
  return inputs;
}

/** Leaves out options that no input uses: `field` without JSON lines, `column` without Parquet. */
export function documentsOf(inputs: readonly Input[], documents: DocumentOptions): DocumentOptions {
  const used = FORMAT_OPTIONS.filter(option => documents[option] !== undefined && takesOption(inputs, option));
  return Object.fromEntries(used.map(option => [option, documents[option]]));
}

function takesOption(inputs: readonly Input[], option: keyof DocumentOptions): boolean {
  return inputs.some(({ path }) => formatOf(path).option === option);
}

async function expandPaths(paths: readonly string[]): Promise<Input[]> {
  const inputs: Input[] = [];
  for (const path of paths) {
    if (path === STDIN) {
      inputs.push({ path, bytes: undefined });
      continue;
    }
    const stats = await inputStats(path);
    if (!stats.isDirectory()) {
      inputs.push({ path, bytes: stats.isFile() ? stats.size : undefined });
      continue;
    }
    const found = await textFiles(path);
    if (found.length === 0) {
      throw new KneserError(
        'KNESER_INPUT_EMPTY',
        `${path}: this folder holds no text files (.txt, .txt.gz, .tokens …)`,
      );
    }
    inputs.push(...found);
  }
  return inputs;
}

async function textFiles(folder: string): Promise<Input[]> {
  const inputs: Input[] = [];
  let entries;
  try {
    entries = await readdir(folder, { withFileTypes: true });
  } catch (error) {
    throw readError(folder, error);
  }
  if (entries.some(entry => MODEL_ENTRY.test(entry.name))) return [];
  entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const entry of entries) {
    const path = join(folder, entry.name);
    if (entry.isDirectory() && !entry.name.startsWith('.')) inputs.push(...(await textFiles(path)));
    else if (FORMATS.some(({ inFolders }) => inFolders.test(entry.name))) {
      const stats = await inputStats(path);
      if (stats.isFile()) inputs.push({ path, bytes: stats.size });
    }
  }
  return inputs;
}

/** The size of an input on disk, in bytes; 0 for a pipe. */
export async function fileSize(path: string): Promise<number> {
  const [input] = await expandInputs([path]);
  return input.bytes ?? 0;
}

async function inputStats(path: string): Promise<Stats> {
  try {
    return await stat(path);
  } catch (error) {
    throw readError(path, error);
  }
}
