import { open, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { IdStream } from '../count/id-stream.js';
import type { Vocabulary } from '../count/vocabulary.js';
import { digestFile } from '../store/file-digest.js';
import { readVarint, writeVarint } from '../store/varint.js';
import { writeAll } from './files.js';
import type { SavedFile, SavedText } from './record.js';

/** A text that was read, but for its word numbers. */
export interface ReadText extends Omit<SavedText, 'files'> {
  readonly vocabulary: Vocabulary;
}

/** The word numbers of a text: those that are counted, and those held out. */
export interface TextIds {
  readonly ids: IdStream;
  readonly heldOut: IdStream;
}

/** Bytes of words that are put together to one write. */
const PIECE_BYTES = 1 << 20;

/**
 * Writes a text down so that it lasts. Its numbers may be counted meanwhile.
 *
 * @param check called between writes; stops by throwing.
 */
export async function saveText(
  folder: string,
  { vocabulary, ...counts }: ReadText,
  { ids, heldOut }: TextIds,
  check: () => void,
): Promise<SavedText> {
  const files: SavedFile[] = [];
  const done = async (name: string): Promise<void> => {
    const path = join(folder, name);
    files.push({ name, bytes: (await stat(path)).size, crc32: await digestFile(path) });
  };
  for (const [name, pieces] of Object.entries({
    words: encodeWords(vocabulary.words),
    frequencies: [asBytes(vocabulary.frequencies)],
    ids: [asBytes(vocabulary.ids)],
  })) {
    await saveFile(join(folder, name), pieces, check);
    await done(name);
  }
  await ids.save(check);
  await done(ids.name);
  await heldOut.save(check);
  await done(heldOut.name);
  return { files, ...counts };
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
export async function loadText(folder: string, text: SavedText, { ids, heldOut }: TextIds): Promise<ReadText> {
  const { sentences, tokens, heldOut: heldOutSentences, replaced, dropped } = text;
  const read = (name: string): Promise<Buffer> => readFile(join(folder, name));
  const vocabulary = {
    words: decodeWords(await read('words')),
    frequencies: new Float64Array(aligned(await read('frequencies'))),
    ids: new Uint32Array(aligned(await read('ids'))),
  };
  ids.restore();
  heldOut.restore();
  return { sentences, tokens, heldOut: heldOutSentences, replaced, dropped, vocabulary };
}

async function saveFile(path: string, pieces: Iterable<Uint8Array>, check: () => void): Promise<void> {
  const file = await open(path, 'w');
  try {
    await writeAll(file, pieces, 0, check);
  } finally {
    await file.close();
  }
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
