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
export const DICTIONARY_BLOCK_BYTES = 0x10_0000;

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

/**
 * Reads the words of blocks one by one, without an object for each word. Its methods are short, and what is rare is in methods of its own:
 * opening a model reads all words, and V8 drops the code of a function at the first statement that it has not run yet.
 */
export class DictionaryCursor {
  /** The word is the first {@link length} bytes; the next word overwrites it. */
  word = new Uint8Array(1 << 10);
  length = 0;
  id = 0;
  frequency = 0;
  private bytes = new Uint8Array(0);
  /** Where the next number or the next bytes are in `bytes`. */
  private readonly cursor = { at: 0 };
  /** Number of words of the block that were not read yet. */
  private left = 0;
  /** Length of the words so far, together [bytes]. */
  private total = 0;

  /** @param types the ids of all words are below this. */
  constructor(private readonly types = Infinity) {}

  /** Moves before the first word of a block. @throws BlockDamage */
  open(value: Uint8Array): void {
    const header: unknown = decodeMsgpack(unseal(value));
    if (!Array.isArray(header) || header.length !== 2) throw new BlockDamage('no dictionary header');
    const [words, bytes] = header as [number, Uint8Array<ArrayBuffer>];
    if (!(bytes instanceof Uint8Array) || !(words <= DICTIONARY_BLOCK_WORDS)) {
      throw new BlockDamage('impossible dictionary header');
    }
    this.bytes = bytes;
    this.left = words;
    this.cursor.at = this.length = this.total = 0;
  }

  /** Moves to the next word of the block. @returns false after the last one. @throws BlockDamage */
  next(): boolean {
    if (this.left === 0) return this.end();
    this.left--;
    const { bytes, cursor } = this;
    const shared = readVarint(bytes, cursor);
    const rest = readVarint(bytes, cursor);
    const length = shared + rest;
    if (shared > this.length || cursor.at + rest > bytes.length) throw new BlockDamage('impossible word');
    if (this.total >= DICTIONARY_BLOCK_BYTES) throw new BlockDamage('too long for a block of words');
    if (length > this.word.length) this.makeRoom(length);
    this.copy(shared, length);
    this.length = length;
    this.total += length;
    this.id = readVarint(bytes, cursor);
    this.frequency = readVarint(bytes, cursor);
    if (this.id >= this.types) throw new BlockDamage('a word that the model does not have');
    return true;
  }

  private end(): boolean {
    if (this.cursor.at !== this.bytes.length) throw new BlockDamage('wrong dictionary length');
    return false;
  }

  private makeRoom(length: number): void {
    this.word = grown(this.word, 2 * length);
  }

  /** Copies bytes of the block to the bytes `from` ≤ i < `to` of the word. */
  private copy(from: number, to: number): void {
    const { word, bytes, cursor } = this;
    let { at } = cursor;
    for (let i = from; i < to; i++) word[i] = bytes[at++];
    cursor.at = at;
  }
}

/** The reverse of {@link encodeDictionaryBlock}. @param types the ids of all words are below this. @throws BlockDamage */
export function decodeDictionaryBlock(value: Uint8Array, types?: number): DictionaryBlock {
  const words: Uint8Array[] = [];
  const ids: number[] = [];
  const frequencies: number[] = [];
  const cursor = new DictionaryCursor(types);
  cursor.open(value);
  while (cursor.next()) {
    words.push(cursor.word.slice(0, cursor.length));
    ids.push(cursor.id);
    frequencies.push(cursor.frequency);
  }
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
