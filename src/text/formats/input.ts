import { callBack } from '../../base/call-back.js';
import type { Stats } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { STDIN } from '../../base/node/standard-streams.js';
import { KneserError, readError } from '../../base/errors.js';
import { givenDocumentOptions, type DocumentOptions, type Format } from './corpus.js';
import { findFormat, formatOf, FORMATS } from './index.js';

/** Names of entries that only a model folder has, finished or not. A folder with such an entry is not read as text. */
const MODEL_ENTRY = /^(kneser\.(json|training)|generation-\d+)$/;

/** One input: the path of a file, or `-` for standard input, and its size on disk [bytes] unless it is a pipe. */
export interface Input {
  readonly path: string;
  readonly bytes: number | undefined;
}

/**
 * Input: paths of files and folders. Output: the files, in the order of the paths; a folder gives the files in it and in its
 * subfolders whose names match the `inFolders` of a format, sorted by name. Left out are files of a folder whose names say
 * another format than the option `format`, model folders, and hidden entries (names that begin with a dot).
 *
 * @param onWarning gets one sentence for each given folder of which entries are left out, with the names and the reasons.
 * @throws KNESER_INPUT_MISSING, KNESER_INPUT_UNREADABLE, KNESER_INPUT_EMPTY for a folder without text, or KNESER_OPTION
 * for an option of a format that no input has and for standard input named twice.
 */
export async function expandInputs(
  paths: readonly string[],
  documents: DocumentOptions = {},
  onWarning?: (warning: string) => void,
): Promise<Input[]> {
  if (paths.filter(path => path === STDIN).length > 1) {
    throw new KneserError('KNESER_OPTION', '-: standard input is named twice, but can be read only once');
  }
  const inputs: Input[] = [];
  for (const path of paths) inputs.push(...(await expandPath(path, documents, onWarning)));
  const used = await usedFormats(inputs, documents);
  for (const { option, endings, name } of FORMATS) {
    if (!option || documents[option.name] === undefined || used.some(format => format.name === name)) continue;
    throw new KneserError(
      'KNESER_OPTION',
      `${option.name}: none of the inputs is a ${endings[0]} file; leave this option out, or add --format ${name} ` +
        `(format: '${name}') for standard input and files with other names`,
    );
  }
  if (documents.missing !== undefined && !used.some(({ option }) => option)) {
    throw new KneserError(
      'KNESER_OPTION',
      'missing: all inputs are plain text, which has no fields; leave this option out',
    );
  }
  return inputs;
}

/**
 * Finds the input files of work that reads them more than once.
 *
 * @param reason the work, for the message.
 * @throws KNESER_OPTION for standard input and pipes, which can be read only once, and the errors of {@link expandInputs}.
 */
export async function expandForTwoPasses(
  files: readonly string[],
  documents: DocumentOptions,
  reason: string,
  onWarning?: (warning: string) => void,
): Promise<Input[]> {
  const inputs = await expandInputs(files, documents, onWarning);
  for (const { path, bytes } of inputs) {
    if (bytes !== undefined) continue;
    throw new KneserError(
      'KNESER_OPTION',
      `${path}: ${reason} reads its input twice, but a pipe can be read only once; write the input to a file first`,
    );
  }
  return inputs;
}

/** The size of all inputs [bytes]; `undefined` if one of them is a pipe. */
export function sizeOf(inputs: readonly Input[]): number | undefined {
  const sum = inputs.reduce((sum, { bytes }) => sum + (bytes ?? NaN), 0);
  return Number.isNaN(sum) ? undefined : sum;
}

/** The given options that some input uses: `field` needs JSON lines, `column` Parquet, `missing` either of them. */
export async function documentsOf(inputs: readonly Input[], documents: DocumentOptions): Promise<DocumentOptions> {
  const used = await usedFormats(inputs, documents);
  const uses = (name: keyof DocumentOptions): boolean =>
    name === 'missing'
      ? used.some(({ option }) => option)
      : used.some(({ option }) => option?.name === name) || !FORMATS.some(({ option }) => option?.name === name);
  const given = Object.entries(givenDocumentOptions(documents)).filter(([name]) => uses(name as keyof DocumentOptions));
  return Object.fromEntries(given);
}

/** The formats of the inputs: by their names and, if `missing` or the option of a format with a kind is given, also by their first bytes. */
async function usedFormats(inputs: readonly Input[], documents: DocumentOptions): Promise<Format[]> {
  const formats = new Set(inputs.map(({ path }) => formatOf(path, documents)));
  const options = FORMATS.flatMap(({ kind, option }) => (kind !== undefined && option ? option.name : []));
  if (['missing' as const, ...options].some(name => documents[name] !== undefined)) {
    for (const { path } of inputs) formats.add(await findFormat(path, documents));
  }
  return [...formats];
}

async function expandPath(
  path: string,
  documents: DocumentOptions,
  onWarning?: (warning: string) => void,
): Promise<Input[]> {
  if (path === STDIN) return [{ path, bytes: undefined }];
  if (path === '') throw new KneserError('KNESER_OPTION', 'the path of a file is empty');
  const stats = await inputStats(path);
  if (!stats.isDirectory()) return [{ path, bytes: stats.isFile() ? stats.size : undefined }];
  const leftOut: LeftOut[] = [];
  const found = await filesOf(path, '', documents, leftOut);
  const reasons = describeLeftOut(leftOut);
  if (found.length === 0) {
    const message =
      leftOut.length === 1 && leftOut[0].name === ''
        ? 'is a model, not text; name the text, too'
        : `this folder holds no text files (.txt, .txt.gz, .tokens …)${reasons === '' ? '' : `, only ${reasons}`}`;
    throw new KneserError('KNESER_INPUT_EMPTY', `${path}: ${message}`);
  }
  if (leftOut.length > 0) {
    const entries = leftOut.length === 1 ? '1 entry was' : `${leftOut.length} entries were`;
    callBack(onWarning, `${path}: ${entries} left out: ${reasons}`);
  }
  return found;
}

/** An entry of a folder that is left out: its path relative to the given folder, and the reason. */
interface LeftOut {
  readonly name: string;
  readonly reason: string;
}

const MODEL = 'a model';
const NO_TEXT = 'not named like text; name it to read it';

/**
 * The text files of a folder and its subfolders, sorted by name.
 *
 * @param inside the folder's path relative to the given folder.
 * @param leftOut gets the other entries.
 */
async function filesOf(
  folder: string,
  inside: string,
  documents: DocumentOptions,
  leftOut: LeftOut[],
): Promise<Input[]> {
  const inputs: Input[] = [];
  let entries;
  try {
    entries = await readdir(folder, { withFileTypes: true });
  } catch (error) {
    throw readError(folder, error);
  }
  if (entries.some(entry => MODEL_ENTRY.test(entry.name))) {
    leftOut.push({ name: inside, reason: MODEL });
    return [];
  }
  entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const entry of entries) {
    const path = join(folder, entry.name);
    const name = join(inside, entry.name);
    if (entry.name.startsWith('.')) continue;
    if (entry.isDirectory()) {
      inputs.push(...(await filesOf(path, name, documents, leftOut)));
    } else {
      const reason = reasonAgainst(entry.name, documents);
      const stats = reason === undefined ? await inputStats(path) : undefined;
      if (stats?.isFile()) inputs.push({ path, bytes: stats.size });
      else leftOut.push({ name, reason: reason ?? 'not a regular file' });
    }
  }
  return inputs;
}

/** Why a file of a folder is left out; `undefined` for a file to read. */
function reasonAgainst(name: string, { format }: DocumentOptions): string | undefined {
  if (!FORMATS.some(({ inFolders }) => inFolders.test(name))) return NO_TEXT;
  const other = FORMATS.find(({ matches }) => matches.test(name));
  return format === undefined || !other || other.name === format
    ? undefined
    : `named like ${other.name}, not ${format}`;
}

/** A warning names at most this many entries for each reason. */
const MOST_NAMED = 3;

/** Lists the entries by reason: `a.png, b.png, c.png and 2 more (not named like text); d.txt (…)`. */
function describeLeftOut(leftOut: readonly LeftOut[]): string {
  const reasons = [...new Set(leftOut.map(({ reason }) => reason))];
  return reasons
    .map(reason => {
      const names = leftOut.filter(entry => entry.reason === reason).map(({ name }) => name);
      const more = names.length > MOST_NAMED ? ` and ${names.length - MOST_NAMED} more` : '';
      return `${names.slice(0, MOST_NAMED).join(', ')}${more} (${reason})`;
    })
    .join('; ');
}

/** The size of a file on disk, in bytes; 0 for a pipe. */
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
