import { createReadStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { addAbortSignal, type Readable } from 'node:stream';
import { checkAborted, KneserError, readError, systemCode } from '../../base/errors.js';
import { MarkRemover } from '../byte-order-mark.js';
import { readInThread } from './reading-thread.js';

const CHUNK_BYTES = 1 << 20;

/** The name of standard input among files. */
export const STDIN = '-';

/** How a compressed file is read: the ending of its name, the name and error of the compression, and who decompresses. */
const COMPRESSIONS = [
  { ending: /\.gz$/i, name: 'gzip', code: 'KNESER_INPUT_GZIP', decompress: gunzip },
  { ending: /\.zst$/i, name: 'zstd', code: 'KNESER_INPUT_ZSTD', decompress: decompressZstd },
] as const;

/**
 * The bytes of a file, decompressed where its name ends in `.gz` or `.zst`, and without a leading byte-order mark.
 *
 * @param onRead told how many more bytes of the file were read from the disk (compressed bytes of a compressed file).
 * @param signal ends the reading, even of a pipe that is silent.
 * @throws KNESER_INPUT_MISSING, KNESER_INPUT_UNREADABLE, KNESER_INPUT_GZIP, KNESER_INPUT_ZSTD, KNESER_ABORTED.
 */
export async function* readBytes(
  path: string,
  onRead?: (bytes: number) => void,
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const compression = COMPRESSIONS.find(({ ending }) => ending.test(path));
  const plain = !compression && path !== STDIN && (await isFile(path));
  const file = plain || path === STDIN ? undefined : createReadStream(path, { highWaterMark: CHUNK_BYTES });
  let stream: AsyncIterable<Uint8Array>;
  if (plain) {
    stream = readFile(path, signal);
  } else {
    const source: Readable = file ?? process.stdin;
    if (signal) addAbortSignal(signal, source);
    stream = compression ? await compression.decompress(source) : source;
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
    checkAborted(signal, 'reading');
    if (compression && systemCode(error) === undefined) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new KneserError(compression.code, `${path}: damaged or cut short ${compression.name} data (${reason})`, {
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

/** The bytes of a file. All pieces share one buffer, where a stream would allocate one for each. */
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

async function gunzip(source: Readable): Promise<Readable> {
  const { createGunzip } = await import('node:zlib');
  const stream = createGunzip({ chunkSize: CHUNK_BYTES });
  source.on('error', error => stream.destroy(error));
  return source.pipe(stream);
}

/** Decompresses zstd data, of one frame or many, in a thread of its own. */
async function* zstdPieces(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const { bytes } of readInThread({ kind: 'zstd' }, source)) yield bytes;
}

function decompressZstd(source: Readable): Promise<AsyncIterable<Uint8Array>> {
  return Promise.resolve(zstdPieces(source));
}
