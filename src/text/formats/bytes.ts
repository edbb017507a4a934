import { isFromCaller } from '../../base/call-back.js';
import { createReadStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { addAbortSignal, pipeline, Readable } from 'node:stream';
import { helpFor, kindOf } from '../../base/file-kinds.js';
import { checkAborted, KneserError, readError, systemCode } from '../../base/errors.js';
import { isFile } from '../../base/node/file-head.js';
import { standard, STDIN } from '../../base/node/standard-streams.js';
import { MarkRemover } from '../byte-order-mark.js';
import { peek, recognized } from './peek.js';
import type { Advised } from './text-check.js';
import { readInThread } from './reading-thread.js';

const CHUNK_BYTES = 1 << 20;
/**
 * The length of the first chunk of a file. It is short, so that V8 has run all of a loop over the bytes, and what follows the loop, before it
 * compiles the loop: else it drops the compiled code at the end of the chunk.
 */
const FIRST_CHUNK_BYTES = 1 << 14;

/** The compressions that are unpacked: name of the kind of file, ending of the file's name, error code for damaged data, unpacking function. */
const COMPRESSIONS = [
  { kind: 'gzip', ending: /\.gz$/i, code: 'KNESER_INPUT_GZIP', unpack: gunzip },
  { kind: 'zstd', ending: /\.zst$/i, code: 'KNESER_INPUT_ZSTD', unpack: unzstd },
] as const;

type Compression = (typeof COMPRESSIONS)[number];

/** How the bytes of a file are read. */
export interface ByteOptions {
  /** Called with the number of bytes just read from the disk (compressed bytes of a compressed file). */
  readonly onRead?: ((bytes: number) => void) | undefined;
  /** Ends the reading, even of a pipe that is silent. */
  readonly signal?: AbortSignal | undefined;
  /** Whether a file's name alone decides if and how the file is compressed, whatever its bytes. Default false. */
  readonly anyBytes?: boolean | undefined;
}

/** Joins the bytes of a file. @throws the error of `tooLong` if they are more than `most` */
export async function joinBytes(
  chunks: AsyncIterable<Uint8Array>,
  most: number,
  tooLong: () => KneserError,
): Promise<Buffer> {
  const kept: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of chunks) {
    length += chunk.length;
    if (length > most) throw tooLong();
    kept.push(chunk.slice());
  }
  return Buffer.concat(kept);
}

/**
 * The bytes of a file, unpacked if they begin like gzip or zstd, and without a UTF-8 byte-order mark at the beginning.
 *
 * @throws KNESER_INPUT_MISSING, KNESER_INPUT_UNREADABLE, KNESER_ABORTED; KNESER_INPUT_GZIP and KNESER_INPUT_ZSTD for damaged
 * data, and for a file named `.gz` or `.zst` whose bytes are neither gzip nor zstd.
 */
export async function* readBytes(path: string, options: ByteOptions = {}): AsyncGenerator<Uint8Array> {
  const { onRead, signal, anyBytes = false } = options;
  const isPipe = path === STDIN || !(await isFile(path));
  const pipe = isPipe ? await openPipe(path, signal) : undefined;
  let read = 0;
  let reported = 0;
  const source = (async function* () {
    const chunks: AsyncIterable<Uint8Array> = pipe ?? readFile(path, signal);
    for await (const chunk of chunks) {
      read += chunk.length;
      yield chunk;
    }
  })();
  const report = (): void => {
    onRead?.(read - reported);
    reported = read;
  };
  let compression: Compression | undefined;
  const mark = new MarkRemover();
  try {
    const { head, chunks } = await peek(source);
    compression = compressionOf(path, head, anyBytes);
    for await (const chunk of compression ? compression.unpack(chunks) : chunks) {
      report();
      const text = mark.take(chunk);
      if (text.length > 0) yield text;
    }
    report();
    if (mark.rest().length > 0) yield mark.rest();
  } catch (error) {
    checkAborted(signal, 'reading');
    if (error instanceof KneserError || isFromCaller(error)) throw error;
    if (compression && systemCode(error) === undefined) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new KneserError(compression.code, `${path}: damaged or cut short ${compression.kind} data (${reason})`, {
        cause: error,
      });
    }
    throw readError(path, error);
  } finally {
    // Without this, a pipe to which nobody writes would keep the process alive.
    pipe?.destroy();
    await source.return();
  }
}

/**
 * The bytes of a file, unless its first bytes show that it is not UTF-8 text but an archive, an image, UTF-16 ….
 *
 * @param expected names of the kinds of files ({@link kindOf}) that the caller accepts beside text.
 * @throws KNESER_INPUT_UNREADABLE for UTF-16, UTF-32 and files of other kinds, and the errors of {@link readBytes}.
 */
export async function* readRecognized(
  path: string,
  options: ByteOptions & Advised = {},
  expected: readonly string[] = [],
): AsyncGenerator<Uint8Array> {
  const bytes = readBytes(path, options);
  yield* options.anyBytes ? bytes : recognized(path, bytes, expected, options);
}

/** The longest magic number of a compression, in bytes: a shorter file is of the compression that its name says. */
const LONGEST_MAGIC = 4;

/** The compression of a file by its first bytes; by its name if `byName` is true or the file is shorter than a magic number. */
function compressionOf(path: string, head: Uint8Array, byName: boolean): Compression | undefined {
  const named = COMPRESSIONS.find(({ ending }) => ending.test(path));
  if (byName) return named;
  const kind = kindOf(head);
  const found = COMPRESSIONS.find(compression => compression.kind === kind?.name);
  if (found || !named || head.length < LONGEST_MAGIC) return found ?? named;
  // The command that imports an ARPA file refuses it by this name, too.
  const help = kind && (kind.name === 'arpa' ? 'rename it' : helpFor(kind, path));
  const reason = kind
    ? `is ${kind.what}, not ${named.kind} data, whatever its name says; ${help}`
    : `is not ${named.kind} data, whatever its name says; rename it if it is text`;
  throw new KneserError(named.code, `${path}: ${reason}`);
}

/** A pipe, or standard input. @throws KNESER_INPUT_UNREADABLE for one that was read before: it would seem empty. */
async function openPipe(path: string, signal: AbortSignal | undefined): Promise<Readable> {
  if (path === STDIN ? standard.stdin.readableDidRead : !(await isFirstReading(path))) {
    throw new KneserError(
      'KNESER_INPUT_UNREADABLE',
      `${path}: a pipe can be read only once, and this one was read before; write its content to a file`,
    );
  }
  const stream = path === STDIN ? standard.stdin : createReadStream(path, { highWaterMark: CHUNK_BYTES });
  if (signal) addAbortSignal(signal, stream);
  return stream;
}

/** The pipes that were read under a name of the process's own, such as /dev/fd/63 in place of `<(COMMAND)`. */
const readPipes = new Set<string>();

/** Whether a path may be read: a named pipe has new content for each reader, a pipe of the process only once. */
async function isFirstReading(path: string): Promise<boolean> {
  if (!/^\/(dev|proc)\//.test(path)) return true;
  const stats = await stat(path).catch(() => undefined);
  if (!stats?.isFIFO()) return true;
  const pipe = `${stats.dev}:${stats.ino}`;
  if (readPipes.has(pipe)) return false;
  readPipes.add(pipe);
  return true;
}

/** The bytes of a file. All chunks share one buffer; a stream would allocate a buffer for each. */
async function* readFile(path: string, signal: AbortSignal | undefined): AsyncGenerator<Uint8Array> {
  const file = await open(path);
  try {
    const buffer = new Uint8Array(CHUNK_BYTES);
    for (let length = FIRST_CHUNK_BYTES; ; length = CHUNK_BYTES) {
      signal?.throwIfAborted();
      const { bytesRead } = await file.read(buffer, 0, length, null);
      if (bytesRead === 0) return;
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await file.close();
  }
}

/** Unpacks gzip data, of one member or many. */
async function* gunzip(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const { createGunzip } = await import('node:zlib');
  // Copies, because the stream still holds earlier chunks while the source overwrites its buffer with the next one.
  const copies = async function* (): AsyncGenerator<Uint8Array> {
    for await (const chunk of source) yield chunk.slice();
  };
  const stream = createGunzip({ chunkSize: CHUNK_BYTES });
  // No callback is needed: an error of the source or of gunzip ends the loop below.
  pipeline(Readable.from(copies()), stream, () => undefined);
  yield* stream as AsyncIterable<Uint8Array>;
}

/** Unpacks zstd data, of one frame or many, in a thread of its own. */
async function* unzstd(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const { bytes } of readInThread({ kind: 'zstd' }, source)) yield bytes;
}
