import { createReadStream, type Stats } from 'node:fs';
import { open, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { addAbortSignal, type Readable } from 'node:stream';
import { abortedError, KneserError, readError, systemCode } from '../../base/errors.js';
import { MarkRemover } from '../byte-order-mark.js';
import type { DocumentListener, DocumentOptions } from './documents.js';

const CHUNK_BYTES = 1 << 20;

/** The name of standard input among files. */
export const STDIN = '-';

/** What makes a folder a model, or one that is not finished. */
const MODEL_ENTRY = /^(kneser\.(json|training)|generation-\d+)$/;

/** Which files of a folder are text: by their ending, by having none, or by being a part such as 00001-of-00100. */
const TEXT_FILE =
  /^[^.][^.]*$|^[^.].*((\.(txt|text|tok|tokens|raw|jsonl|ndjson)|-\d+-of-\d+)(\.(gz|zst))?|\.parquet)$/i;

const JSON_LINES = /\.(jsonl|ndjson)(\.(gz|zst))?$/i;
const PARQUET = /\.parquet$/i;

/** How a text is read. */
export interface ReadOptions extends DocumentOptions {
  /** Told the bytes taken from the disk (compressed ones, where they are) as they are read. */
  readonly onRead?: ((bytes: number) => void) | undefined;
  /** Ends the reading, even of a pipe that is silent. */
  readonly signal?: AbortSignal | undefined;
  readonly onDocument?: DocumentListener | undefined;
  /** Bytes that a line of JSON may have; at most and by default 32 MB. */
  readonly longestJson?: number | undefined;
}

/** One input: a file's path or `-`, and its size on disk where that is known. */
export interface Input {
  readonly path: string;
  readonly bytes: number | undefined;
}

/**
 * The files that the given names stand for: a folder stands for its text files (`.txt`, `.text`, `.tok`, `.tokens`,
 * `.raw`, `.jsonl`, `.ndjson`, each also with `.gz` or `.zst`, `.parquet`, or without any ending), sorted by name, those
 * of its subfolders included. Models that lie there are left out.
 *
 * @throws KNESER_INPUT_MISSING, KNESER_INPUT_UNREADABLE, KNESER_INPUT_EMPTY for a folder without text, or KNESER_OPTION
 * for a field or column where no file has any.
 */
export async function expandInputs(paths: readonly string[], documents: DocumentOptions = {}): Promise<Input[]> {
  const inputs = await expandPaths(paths);
  const refuse = (option: string, kind: string): never => {
    throw new KneserError('KNESER_OPTION', `${option}: none of the inputs is a ${kind} file; leave it out`);
  };
  if (documents.field !== undefined && !inputs.some(({ path }) => JSON_LINES.test(path))) refuse('field', '.jsonl');
  if (documents.column !== undefined && !inputs.some(({ path }) => PARQUET.test(path))) refuse('column', '.parquet');
  return inputs;
}

/** Of these options those that concern some of the inputs. */
export function documentsOf(inputs: readonly Input[], { field, column }: DocumentOptions): DocumentOptions {
  return {
    ...(field !== undefined && inputs.some(({ path }) => JSON_LINES.test(path)) ? { field } : {}),
    ...(column !== undefined && inputs.some(({ path }) => PARQUET.test(path)) ? { column } : {}),
  };
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
    else if (TEXT_FILE.test(entry.name)) {
      const stats = await inputStats(path);
      if (stats.isFile()) inputs.push({ path, bytes: stats.size });
    }
  }
  return inputs;
}

/** The size of an input on disk; 0 where it is not known. */
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

/** Whether the lines of a text are those of its file. */
export function isPlain(path: string): boolean {
  return !JSON_LINES.test(path) && !PARQUET.test(path);
}

/**
 * The text of an input: of `.jsonl` and `.parquet` files each document as its lines, of all others their bytes. A piece
 * is valid until the next one is asked for.
 *
 * @throws KNESER_INPUT_*, KNESER_LIMIT, KNESER_ABORTED.
 */
export async function* readText(path: string, options: ReadOptions = {}): AsyncGenerator<Uint8Array> {
  const { onRead, signal, onDocument, longestJson, field = 'text', column = 'text' } = options;
  if (JSON_LINES.test(path)) {
    const { readJsonLines } = await import('./jsonl.js');
    yield* readJsonLines(path, readBytes(path, onRead, signal), field, onDocument, longestJson);
  } else if (PARQUET.test(path)) {
    const { readParquet } = await import('./parquet.js');
    yield* readParquet(path, column, onRead, signal, onDocument);
  } else {
    yield* readBytes(path, onRead, signal);
  }
}

/**
 * The bytes of an input, unpacked where its name ends in `.gz` or `.zst`, and without a leading byte-order mark.
 *
 * @param onRead told the bytes taken from the disk (compressed ones, where they are) as they are read.
 * @param signal ends the reading, even of a pipe that is silent.
 * @throws KNESER_INPUT_MISSING, KNESER_INPUT_UNREADABLE, KNESER_INPUT_GZIP, KNESER_INPUT_ZSTD, KNESER_ABORTED.
 */
export async function* readBytes(
  path: string,
  onRead?: (bytes: number) => void,
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const packing = PACKINGS.find(({ ending }) => ending.test(path));
  const plain = !packing && path !== STDIN && (await isFile(path));
  const file = plain || path === STDIN ? undefined : createReadStream(path, { highWaterMark: CHUNK_BYTES });
  let stream: AsyncIterable<Uint8Array>;
  if (plain) {
    stream = readFile(path, signal);
  } else {
    const source: Readable = file ?? process.stdin;
    if (signal) addAbortSignal(signal, source);
    stream = packing ? await packing.unpack(source) : source;
  }
  let reported = 0;
  const mark = new MarkRemover();
  try {
    for await (const chunk of stream) {
      const read = file ? file.bytesRead : reported + chunk.length;
      onRead?.(read - reported);
      reported = read;
      const text = mark.take(chunk);
      if (text.length > 0) yield text;
    }
    if (mark.rest().length > 0) yield mark.rest();
  } catch (error) {
    if (signal?.aborted) throw abortedError();
    if (packing && systemCode(error) === undefined) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new KneserError(packing.code, `${path}: damaged or cut short ${packing.name} data (${reason})`, {
        cause: error,
      });
    }
    throw readError(path, error);
  } finally {
    file?.destroy();
  }
}

/** Whether a path leads to a file with an end, rather than a pipe. */
async function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    stats => stats.isFile(),
    () => false,
  );
}

/** The bytes of a file, each piece in the memory of the one before: a stream would make that anew each time. */
async function* readFile(path: string, signal: AbortSignal | undefined): AsyncGenerator<Uint8Array> {
  const file = await open(path);
  try {
    const buffer = new Uint8Array(CHUNK_BYTES);
    for (;;) {
      signal?.throwIfAborted();
      const { bytesRead } = await file.read(buffer);
      if (bytesRead === 0) return;
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await file.close();
  }
}

const PACKINGS = [
  { ending: /\.gz$/i, name: 'gzip', code: 'KNESER_INPUT_GZIP', unpack: gunzipped },
  { ending: /\.zst$/i, name: 'zstd', code: 'KNESER_INPUT_ZSTD', unpack: unpackedZstd },
] as const;

async function gunzipped(source: Readable): Promise<Readable> {
  const { createGunzip } = await import('node:zlib');
  const gunzip = createGunzip({ chunkSize: CHUNK_BYTES });
  source.on('error', error => gunzip.destroy(error));
  return source.pipe(gunzip);
}

async function unpackedZstd(source: Readable): Promise<AsyncIterable<Uint8Array>> {
  const { unpackZstdAside } = await import('./zstd.js');
  return unpackZstdAside(source);
}
