import { encodeMsgpack } from '../base/encode-msgpack.js';
import { decodeMsgpack } from '../base/decode-msgpack.js';
import { BlockDamage, seal, unseal } from '../base/sealed.js';
import type { WordList } from '../text/word-list.js';
import { readVarint, writeVarint } from '../base/varint.js';
import { grown } from '../base/grown.js';

/**
 * The dictionary: the words of a model sorted by their UTF-8 bytes, front-coded in blocks of up to this many words. Each word has
 * its id and its frequency in the training text. Looking a word up reads one block.
 */
export const DICTIONARY_BLOCK_WORDS = 512;

/** A block of very long words ends earlier: with the word that brings the total length of its words to this many bytes. */
export const DICTIONARY_BLOCK_BYTES = 1 << 20;

/** A word of the dictionary. */
export interface DictionaryEntry {
  /** The UTF-8 bytes of the word. */
  readonly word: Uint8Array;
  readonly id: number;
  /** Its number of occurrences in the training text; 0 in a back-off model. */
  readonly frequency: number;
}

/**
 * The words of a model in the order of the dictionary, which is the order of their UTF-8 bytes.
 *
 * @param list has the words.
 * @param indices by word id, the index of the word in the list; `indices[NONE]` is not read.
 * @param frequencies by word id, the number of occurrences in the training text.
 */
export function* sortedDictionary(
  list: WordList,
  indices: Uint32Array,
  frequencies: Float64Array,
): Generator<DictionaryEntry, void, void> {
  const ids = Uint32Array.from(indices, (_, id) => id).subarray(1);
  ids.sort((a, b) => list.compare(indices[a], indices[b]));
  for (const id of ids) yield { word: list.bytes(indices[id]), id, frequency: frequencies[id] };
}

/** A decoded block: words, ascending, with their ids and frequencies. */
export interface DictionaryBlock {
  readonly words: readonly Uint8Array[];
  readonly ids: Float64Array;
  readonly frequencies: Float64Array;
}

/**
 * The bytes of a block: a checksum, and MessagePack [number of words, bytes]. The bytes of a word:
 *
 * ```
 * ┌──────────────────────────┬────────────────┬─────────────┬────────┬───────────┐
 * │ bytes shared with the    │ length of the  │ rest of the │ id     │ frequency │
 * │ word before, a varint    │ rest, a varint │ word        │ varint │ varint    │
 * └──────────────────────────┴────────────────┴─────────────┴────────┴───────────┘
 * ```
 */
export function encodeDictionaryBlock(block: DictionaryBlock): Uint8Array {
  const { words, ids, frequencies } = block;
  let length = 0;
  for (const word of words) length += word.length + 28;
  const bytes = new Uint8Array(length);
  let at = 0;
  words.forEach((word, index) => {
    const before = index > 0 ? words[index - 1] : undefined;
    let shared = 0;
    if (before) while (shared < word.length && word[shared] === before[shared]) shared++;
    at = writeVarint(bytes, at, shared);
    at = writeVarint(bytes, at, word.length - shared);
    bytes.set(word.subarray(shared), at);
    at += word.length - shared;
    at = writeVarint(bytes, at, ids[index]);
    at = writeVarint(bytes, at, frequencies[index]);
  });
  return seal(encodeMsgpack([words.length, bytes.subarray(0, at)]));
}

/** Takes a word of a block, its id and its frequency. The word is `bytes[0, length)`; the bytes are overwritten by the next word. */
export type TakeWord = (bytes: Uint8Array, length: number, id: number, frequency: number) => void;

/**
 * Reads a block word by word, without an object for each word.
 *
 * @param scratch the buffer in which words are put together; give the same object for all blocks, because it grows.
 * @returns the number of words.
 * @throws BlockDamage
 */
export function readDictionaryBlock(value: Uint8Array, scratch: { bytes: Uint8Array }, take: TakeWord): number {
  const header: unknown = decodeMsgpack(unseal(value));
  if (!Array.isArray(header) || header.length !== 2) throw new BlockDamage('no dictionary header');
  const [length, bytes] = header as [number, Uint8Array];
  if (!(bytes instanceof Uint8Array) || !(length <= DICTIONARY_BLOCK_WORDS)) {
    throw new BlockDamage('impossible dictionary header');
  }
  const cursor = { at: 0 };
  let before = 0;
  let total = 0;
  for (let i = 0; i < length; i++) {
    const shared = readVarint(bytes, cursor);
    const rest = readVarint(bytes, cursor);
    if (shared > before || cursor.at + rest > bytes.length) throw new BlockDamage('impossible word');
    if (total >= DICTIONARY_BLOCK_BYTES) throw new BlockDamage('too long for a block of words');
    before = shared + rest;
    total += before;
    if (scratch.bytes.length < before) {
      scratch.bytes = grown(scratch.bytes, 2 * before);
    }
    const word = scratch.bytes;
    for (let at = shared, from = cursor.at; at < before; at++) word[at] = bytes[from++];
    cursor.at += rest;
    const id = readVarint(bytes, cursor);
    take(word, before, id, readVarint(bytes, cursor));
  }
  if (cursor.at !== bytes.length) throw new BlockDamage('wrong dictionary length');
  return length;
}

/** The reverse of {@link encodeDictionaryBlock}. @throws BlockDamage */
export function decodeDictionaryBlock(value: Uint8Array): DictionaryBlock {
  const words: Uint8Array[] = [];
  const ids: number[] = [];
  const frequencies: number[] = [];
  readDictionaryBlock(value, { bytes: new Uint8Array(64) }, (bytes, length, id, frequency) => {
    words.push(bytes.slice(0, length));
    ids.push(id);
    frequencies.push(frequency);
  });
  return { words, ids: Float64Array.from(ids), frequencies: Float64Array.from(frequencies) };
}

/** The bytes of the dictionary's directory: a checksum, and a MessagePack list. @param first the first word of each block. */
export function encodeDictionaryDirectory(first: readonly Uint8Array[]): Uint8Array {
  return seal(encodeMsgpack(first));
}

/** The reverse of {@link encodeDictionaryDirectory}. @throws BlockDamage */
export function decodeDictionaryDirectory(value: Uint8Array): Uint8Array[] {
  const first: unknown = decodeMsgpack(unseal(value));
  if (!Array.isArray(first) || !first.every(word => word instanceof Uint8Array)) {
    throw new BlockDamage('no dictionary directory');
  }
  return first;
}
