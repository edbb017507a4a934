import { once } from 'node:events';
import { dirname, resolve } from 'node:path';
import { PassThrough, type Duplex } from 'node:stream';
import { createGzip } from 'node:zlib';
import { checkAborted, KneserError, writeError } from '../base/errors.js';
import { writeAtomically, writeDraft, type Draft } from '../base/node/atomic.js';
import { fileIdentity } from '../base/node/file-identity.js';
import { makeFolder, removeEmpty } from '../base/node/folders.js';
import { PendingBytes } from '../base/pending-bytes.js';
import { checkOutsideModels } from '../store/folder/outside-models.js';
import { NEWLINE } from '../text/tokens.js';
import { writeText } from './member.js';
import { zstdCompressor } from './zstd.js';

/** Lines are collected up to this length, in bytes, and written together. */
const CHUNK_BYTES = 1 << 18;

/** The names that an output may have: JSON lines, plain or packed. */
const NAMES = /\.(jsonl|ndjson|json)(\.gz|\.zst)?$/i;

/**
 * Refuses an output before any work is done, if its name does not say JSON lines, or the file is also an input.
 *
 * @param parquet whether the name may say Parquet, too.
 * @throws KNESER_OPTION, KNESER_OUTPUT_EXISTS
 */
export async function checkOutput(path: string, inputs: readonly string[], parquet = false): Promise<void> {
  if (!NAMES.test(path) && !(parquet && isParquetName(path))) {
    throw new KneserError(
      'KNESER_OPTION',
      `out: ${path}: the name must say the format: FILE.jsonl, FILE.jsonl.gz or FILE.jsonl.zst` +
        (parquet ? ', or FILE.parquet' : ''),
    );
  }
  await refuseInput(path, 'out', inputs);
}

/**
 * Refuses an output that is also an input, or lies inside a model.
 *
 * @param option the option that names the output.
 * @param inputs paths of all files that are read: texts, models, lists of words.
 * @throws KNESER_OUTPUT_EXISTS, KNESER_OPTION
 */
export async function refuseInput(path: string, option: string, inputs: readonly string[]): Promise<void> {
  await checkOutsideModels(path);
  const own = await fileIdentity(path);
  for (const input of own === undefined ? [] : inputs) {
    if ((await fileIdentity(input)) !== own) continue;
    throw new KneserError(
      'KNESER_OUTPUT_EXISTS',
      `${path}: is an input, too; name another file as ${option} (--${option})`,
    );
  }
}

/** Refuses two outputs with the same path, of which the second would replace the first. @param outputs by option, the path. @throws KNESER_OPTION */
export function refuseTwice(outputs: Readonly<Record<string, string | undefined>>): void {
  const names = new Map<string, string>();
  for (const [option, path] of Object.entries(outputs)) {
    if (path === undefined) continue;
    const other = names.get(resolve(path));
    if (other !== undefined) {
      throw new KneserError(
        'KNESER_OPTION',
        `${option}: ${path} is also the file of ${other} (--${other}); name another file`,
      );
    }
    names.set(resolve(path), option);
  }
}

/** Whether a name says Parquet. */
export function isParquetName(path: string): boolean {
  return /\.parquet$/i.test(path);
}

/** The streams that compress a file as its name says: one, or none. */
function packersOf(path: string): Duplex[] {
  if (/\.gz$/i.test(path)) return [createGzip()];
  return /\.zst$/i.test(path) ? [zstdCompressor()] : [];
}

/** The ending of an input's name that says how it is packed. Outputs to which the caller gives no name are packed in the same way. */
export function packingOf(input: string): '.gz' | '.zst' | '' {
  const [, packing = ''] = /(\.gz|\.zst)$/i.exec(input) ?? [];
  return packing.toLowerCase() as '.gz' | '.zst' | '';
}

/**
 * Writes chunks to a file, completely or not at all.
 *
 * @param isPacked whether the chunks are packed as the file's name says.
 * @throws KNESER_DISK_FULL, KNESER_IO, KNESER_OUTPUT_*, and the errors that `chunks` throws
 */
export async function writeChunks(path: string, chunks: AsyncIterable<Uint8Array>, isPacked: boolean): Promise<void> {
  let cause: Error | undefined;
  const noted = async function* (): AsyncGenerator<Uint8Array> {
    try {
      yield* chunks;
    } catch (error) {
      if (error instanceof Error) cause = error;
      throw error;
    }
  };
  try {
    await writeAtomically(path, noted(), ...(isPacked ? packersOf(path) : []));
  } catch (error) {
    // `cause` is the error of `chunks`, if they threw one; all other errors are errors of writing.
    throw cause instanceof KneserError ? cause : writeError(path, error);
  }
}

/**
 * Writes lines to a file, completely or not at all, packed as its name says.
 *
 * @throws KNESER_DISK_FULL, KNESER_IO, KNESER_OUTPUT_*, and the errors that `lines` throws
 */
export function writeLines(
  path: string,
  lines: AsyncIterable<readonly OutputLine[]>,
  signal?: AbortSignal,
): Promise<void> {
  return writeChunks(path, chunksOf(lines, signal), true);
}

/**
 * Writes each line to the file of its bucket. If a line cannot be read or written, no file is made.
 *
 * @param paths by name of a bucket, the path of its file.
 * @throws KNESER_DISK_FULL, KNESER_IO, KNESER_OUTPUT_*, and the errors that `lines` throws
 */
export async function writeBuckets(
  paths: ReadonlyMap<string, string>,
  lines: AsyncIterable<readonly (OutputLine & { readonly bucket: string | undefined })[]>,
  signal?: AbortSignal,
): Promise<void> {
  const folder = dirname([...paths.values()][0]);
  const made = await makeFolder(folder).catch((error: unknown) => {
    throw writeError(folder, error);
  });
  const files = new Map([...paths].map(([name, path]) => [name, new BucketFile(path)]));
  try {
    for await (const some of lines) {
      checkAborted(signal, 'writing documents');
      for (const line of some) {
        const file = files.get(line.bucket ?? '');
        file?.add(line);
        if (file?.isFull) await file.flush();
      }
    }
    for (const file of files.values()) await file.end();
    for (const file of files.values()) await file.publish();
  } catch (error) {
    for (const file of files.values()) await file.cancel();
    if (made !== undefined) await removeEmpty(folder, made);
    throw error;
  }
}

/** A file that is being written. */
class BucketFile {
  private readonly pending = new PendingBytes();
  private readonly stream = new PassThrough();
  private readonly writing: Promise<Draft>;

  constructor(private readonly path: string) {
    // Until the file is open, nothing else listens: an error would end the process.
    this.stream.on('error', () => undefined);
    this.writing = writeDraft(path, this.stream, ...packersOf(path));
    // The promise is awaited later; without this, an earlier failure would count as unhandled.
    this.writing.catch(() => undefined);
  }

  /** Whether the lines so far should be written. */
  get isFull(): boolean {
    return this.pending.length >= CHUNK_BYTES;
  }

  add(line: OutputLine): void {
    addLine(this.pending, line);
  }

  async flush(): Promise<void> {
    const chunk = this.pending.view().slice();
    this.pending.clear();
    if (chunk.length > 0 && !this.stream.write(chunk)) await this.failing(once(this.stream, 'drain'));
  }

  /** Writes the rest of the file, which has no name yet. */
  async end(): Promise<void> {
    await this.flush();
    this.stream.end();
    await this.failing(this.writing);
  }

  /** Gives the file its name. */
  async publish(): Promise<void> {
    const draft = await this.writing;
    await draft.publish().catch((error: unknown) => {
      throw writeError(this.path, error);
    });
  }

  /** Removes the file if it has no name yet. */
  async cancel(): Promise<void> {
    this.stream.destroy(new Error('another file failed'));
    await this.writing.then(
      draft => draft.discard(),
      () => undefined,
    );
  }

  private async failing(work: Promise<unknown>): Promise<void> {
    try {
      await Promise.race([work, this.writing]);
    } catch (error) {
      // If writing failed, the stream was destroyed: the error of `writing` says why.
      throw writeError(
        this.path,
        await this.writing.then(
          () => error,
          (cause: unknown) => cause,
        ),
      );
    }
  }
}

/** A line of an output. */
export interface OutputLine {
  /** Writes the line without a line feed. */
  writeTo(out: PendingBytes): void;
}

/** Writes a text file completely or not at all. @throws KNESER_DISK_FULL, KNESER_IO, KNESER_OUTPUT_* */
export async function writeWhole(path: string, text: string): Promise<void> {
  await writeAtomically(path, [text]).catch((error: unknown) => {
    throw writeError(path, error);
  });
}

/** A value as a line of JSON. */
export function jsonRow(value: object): OutputLine {
  return { writeTo: out => writeText(out, JSON.stringify(value)) };
}

/**
 * Joins lines, with a line feed after each, to chunks of at least {@link CHUNK_BYTES} bytes.
 *
 * @param atOnce whether a chunk also ends where lines that came together end: of a slow input, each line is then written as soon as it is known.
 */
export async function* chunksOf(
  lines: AsyncIterable<readonly OutputLine[]>,
  signal?: AbortSignal,
  atOnce = false,
): AsyncGenerator<Uint8Array, void, void> {
  const pending = new PendingBytes(2 * CHUNK_BYTES);
  for await (const some of lines) {
    for (let next = 0; next < some.length;) {
      next = addLines(pending, some, next);
      if (pending.length < CHUNK_BYTES) continue;
      checkAborted(signal, 'writing documents');
      yield pending.view().slice();
      pending.clear();
    }
    if (!atOnce || pending.length === 0) continue;
    yield pending.view().slice();
    pending.clear();
  }
  if (pending.length > 0) yield pending.view().slice();
}

/** Adds lines until `out` has {@link CHUNK_BYTES} bytes. @param from the first of them. @returns the first that it did not add. */
function addLines(out: PendingBytes, lines: readonly OutputLine[], from: number): number {
  let at = from;
  while (at < lines.length && out.length < CHUNK_BYTES) addLine(out, lines[at++]);
  return at;
}

function addLine(out: PendingBytes, line: OutputLine): void {
  line.writeTo(out);
  out.reserve(1);
  out.bytes[out.length++] = NEWLINE;
}
