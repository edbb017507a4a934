import { open, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { ReadText, TextIds } from '../checkpoints.js';
import type { IdStream } from '../count/id-stream.js';
import { scratchFiles } from '../count/scratch-files.js';
import { digestFile } from '../store/file-digest.js';
import { readVarint, writeVarint } from '../store/varint.js';
import { writeAll } from './files.js';
import type { SavedFile, SavedText } from './record.js';

/** The names of the files of word numbers, which may be there before the text is written down: part of it is in them. */
export const TOKENS = 'tokens';
export const HELD_OUT = 'held-out';

/** Bytes of words that are put together to one write. */
const PIECE_BYTES = 1 << 20;

/**
 * Writes a text down so that it lasts. Its numbers may be counted meanwhile.
 *
 * @param check called between writes; stops by throwing.
 */
export async function saveText(
  folder: string,
  { vocabulary, ...figures }: ReadText,
  { ids, heldOut }: TextIds,
  check: () => void,
): Promise<SavedText> {
  const files: SavedFile[] = [];
  const save = async (name: string, pieces: Iterable<Uint8Array>, position = 0): Promise<void> => {
    const path = join(folder, name);
    const file = await open(path, position === 0 ? 'w' : 'r+');
    try {
      await writeAll(file, pieces, position, check);
    } finally {
      await file.close();
    }
    files.push({ name, bytes: (await stat(path)).size, crc32: await digestFile(path) });
  };
  await save('words', encodeWords(vocabulary.words));
  await save('frequencies', [asBytes(vocabulary.frequencies)]);
  await save('ids', [asBytes(vocabulary.ids)]);
  for (const [name, stream] of [
    [TOKENS, ids],
    [HELD_OUT, heldOut],
  ] as const) {
    const { position, pieces } = stream.inMemory();
    await save(name, pieces, position);
  }
  return { files, ...figures };
}

/** Whether the files of a text are as they were written. */
export async function isIntact(folder: string, { files }: SavedText): Promise<boolean> {
  try {
    for (const { name, bytes, crc32 } of files) {
      const path = join(folder, name);
      if ((await stat(path)).size !== bytes || (await digestFile(path)) !== crc32) return false;
    }
    return true;
  } catch {
    return false;
  }
}

/** Reads a text back that is intact. */
export async function loadText(folder: string, { files, ...figures }: SavedText, streams: TextIds): Promise<ReadText> {
  const read = (name: string): Promise<Buffer> => readFile(join(folder, name));
  const restore = (stream: IdStream, name: string): void => {
    const bytes = files.find(file => file.name === name)?.bytes ?? 0;
    stream.restore(scratchFiles.open(join(folder, name)), bytes / 4);
  };
  restore(streams.ids, TOKENS);
  restore(streams.heldOut, HELD_OUT);
  const vocabulary = {
    words: decodeWords(await read('words')),
    frequencies: new Float64Array(aligned(await read('frequencies'))),
    ids: new Uint32Array(aligned(await read('ids'))),
  };
  return { ...figures, vocabulary };
}

/** Words by id: the length of each, then its bytes. */
function* encodeWords(words: readonly Uint8Array[]): Generator<Uint8Array> {
  let buffer = new Uint8Array(PIECE_BYTES);
  let at = 0;
  for (const word of words) {
    if (at + word.length + 5 > buffer.length) {
      yield buffer.subarray(0, at);
      buffer = new Uint8Array(Math.max(PIECE_BYTES, word.length + 5));
      at = 0;
    }
    at = writeVarint(buffer, at, word.length);
    buffer.set(word, at);
    at += word.length;
  }
  yield buffer.subarray(0, at);
}

function decodeWords(bytes: Uint8Array): Uint8Array[] {
  const words: Uint8Array[] = [];
  const cursor = { at: 0 };
  while (cursor.at < bytes.length) {
    const length = readVarint(bytes, cursor);
    words.push(bytes.subarray(cursor.at, (cursor.at += length)));
  }
  return words;
}

function asBytes({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

/** The memory of a file's bytes, to be seen as numbers. */
function aligned(bytes: Buffer): ArrayBuffer {
  return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
}
