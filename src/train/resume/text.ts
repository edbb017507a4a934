import { open, readFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { ReadText, TextIds } from './checkpoints.js';
import type { IdStream } from '../../count/id-stream.js';
import { scratchFiles } from '../../count/scratch-files.js';
import type { Vocabulary } from '../../count/vocabulary.js';
import { digestFile } from '../../base/node/file-digest.js';
import { readVarint, writeVarint } from '../../base/varint.js';
import { FIRST_WORD } from '../../text/tokens.js';
import { hashBytes, WordList } from '../../text/word-list.js';
import { writeAll } from './files.js';
import type { SavedFile, SavedText } from './record.js';

/** Size of a piece of {@link encodeWords}, unless one word is longer [bytes]. */
const PIECE_BYTES = 1 << 20;

/**
 * Stores a text on the disk: the words, their frequencies and ids, and the word indices, which may be counted at the same time.
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
  // Counting releases the word indices in memory piece by piece: `pieces` holds them until they are written.
  const streams = [ids, heldOut].map(stream => ({ name: basename(stream.path), ...stream.inMemory() }));
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
  await save('words', encodeWords(vocabulary));
  await save('frequencies', [asBytes(vocabulary.frequencies)]);
  await save('ids', [asBytes(vocabulary.ids)]);
  // The file of a long stream has its first `position` bytes already.
  for (const { name, pieces, position } of streams) await save(name, pieces, position);
  const [tokens, sentences] = streams;
  return { files, numbers: tokens.name, heldOutNumbers: sentences.name, ...figures };
}

/** Whether the files of a stored text have the size and checksum with which they were written. */
export async function isTextIntact(folder: string, { files }: SavedText): Promise<boolean> {
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

/** Reads a stored text whose files are intact. @param streams the streams that get the word indices. */
export async function loadText(
  folder: string,
  { files, numbers, heldOutNumbers, ...figures }: SavedText,
  streams: TextIds,
): Promise<ReadText> {
  const read = (name: string): Promise<Buffer> => readFile(join(folder, name));
  const restore = (stream: IdStream, name: string): void => {
    const bytes = files.find(file => file.name === name)?.bytes ?? 0;
    stream.restore(scratchFiles.open(join(folder, name)), bytes / 4);
  };
  restore(streams.ids, numbers);
  restore(streams.heldOut, heldOutNumbers);
  const vocabulary = {
    ...decodeWords(await read('words')),
    frequencies: new Float64Array(aligned(await read('frequencies'))),
    ids: new Uint32Array(aligned(await read('ids'))),
  };
  return { ...figures, vocabulary };
}

/** Encodes the words in the order of their ids, from `FIRST_WORD` up: for each word a varint (its length in bytes), then its bytes. */
function* encodeWords({ list, indices }: Vocabulary): Generator<Uint8Array> {
  let buffer = new Uint8Array(PIECE_BYTES);
  let at = 0;
  for (let id = FIRST_WORD; id < indices.length; id++) {
    const word = list.bytes(indices[id]);
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

/** The reverse of {@link encodeWords}. In the new list, the index of every word is its id. */
function decodeWords(bytes: Uint8Array): Pick<Vocabulary, 'list' | 'indices'> {
  const list = new WordList();
  const cursor = { at: 0 };
  while (cursor.at < bytes.length) {
    const length = readVarint(bytes, cursor);
    const from = cursor.at;
    const to = (cursor.at += length);
    list.add(bytes, from, to, hashBytes(bytes, from, to));
  }
  return { list, indices: Uint32Array.from({ length: list.size + 1 }, (_, id) => id) };
}

function asBytes({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

/** Copies a file's bytes into a buffer of their own: typed arrays need an offset that is a multiple of 4 or 8, and a `Buffer` may begin anywhere. */
function aligned(bytes: Buffer): ArrayBuffer {
  return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
}
