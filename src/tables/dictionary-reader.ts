import { compareBytes } from '../base/bytes.js';
import { decodeValue } from '../base/decode.js';
import { BlockDamage } from '../base/sealed.js';
import { DICTIONARY_DIRECTORY_KEY, dictionaryKey } from '../store/keys.js';
import type { ModelStore } from '../store/store.js';
import { hashBytes, type WordList } from '../text/word-list.js';
import {
  decodeDictionaryBlock,
  decodeDictionaryDirectory,
  DictionaryCursor,
  type DictionaryBlock,
} from './dictionary.js';
import { wordIds, type Manifest } from './manifest.js';
import { decodeAhead, readAhead, type BlockAt, type DamageOptions } from './read-ahead.js';
import { intactValue } from './table-reader.js';

/** How the dictionary is read. */
export interface ReadDictionaryOptions extends DamageOptions {
  /** The first word of each block; if given, each block is compared with it. */
  readonly firstWords?: readonly Uint8Array[];
}

/**
 * Reads and decodes the blocks of a model's dictionary, in the order of the words' UTF-8 bytes. All readers of a whole dictionary use this
 * loop; it reads ahead (see {@link decodeAhead}).
 *
 * @throws KNESER_DAMAGED where a block is missing, unreadable, or has an id outside the vocabulary.
 */
export function readDictionary(
  store: ModelStore,
  manifest: Manifest,
  { firstWords, ...damage }: ReadDictionaryOptions = {},
): AsyncGenerator<BlockAt<DictionaryBlock>, void, void> {
  const types = wordIds(manifest);
  return decodeAhead(
    store,
    dictionaryKey,
    0,
    manifest.dictionaryBlocks,
    (index, value) => decodeWords(store, index, value, types, firstWords?.[index]),
    damage,
  );
}

/**
 * Calls a function for each block of a model's dictionary, in the order of the words' UTF-8 bytes.
 *
 * @param visit reads the words of the block; it throws BlockDamage where one cannot be.
 * @throws KNESER_DAMAGED where a block is missing, unreadable, or has an id outside the vocabulary.
 */
export async function eachWordBlock(
  store: ModelStore,
  manifest: Manifest,
  visit: (words: DictionaryCursor) => void,
): Promise<void> {
  const cursor = new DictionaryCursor(wordIds(manifest));
  for await (const { from, values } of readAhead(store, dictionaryKey, 0, manifest.dictionaryBlocks)) {
    values.forEach((value, i) =>
      decodeValue(wordsName(store, from + i), value, bytes => {
        cursor.open(bytes);
        visit(cursor);
      }),
    );
  }
}

/**
 * Adds the words of a model's dictionary to a list.
 *
 * @param onBlock called with each block once its words are in the list.
 * @returns by word id, the index of the word in the list.
 * @throws KNESER_DAMAGED where a block is missing, unreadable, or has an id outside the vocabulary.
 */
export async function joinWords(
  store: ModelStore,
  manifest: Manifest,
  words: WordList,
  onBlock?: (block: DictionaryBlock, indices: Uint32Array) => void,
): Promise<Uint32Array> {
  const indices = new Uint32Array(wordIds(manifest));
  for await (const { block } of readDictionary(store, manifest)) {
    for (const [i, word] of block.words.entries()) {
      indices[block.ids[i]] = words.add(word, 0, word.length, hashBytes(word, 0, word.length));
    }
    onBlock?.(block, indices);
  }
  return indices;
}

/** By word id, the number of occurrences in the training text. @throws KNESER_DAMAGED */
export async function readFrequencies(store: ModelStore, manifest: Manifest): Promise<Float64Array> {
  const frequencies = new Float64Array(wordIds(manifest));
  await eachWordBlock(store, manifest, words => {
    while (words.next()) frequencies[words.id] = words.frequency;
  });
  return frequencies;
}

/** Reads the blocks of the dictionary as bytes, many at once. Only their checksums are compared. @throws KNESER_DAMAGED */
export async function* readEncodedDictionary(
  store: ModelStore,
  { dictionaryBlocks }: Pick<Manifest, 'dictionaryBlocks'>,
): AsyncGenerator<Uint8Array[], void, void> {
  for await (const { from, values } of readAhead(store, dictionaryKey, 0, dictionaryBlocks)) {
    yield values.map((value, i) => intactValue(wordsName(store, from + i), value));
  }
}

/** The first words of the dictionary's blocks. @throws KNESER_DAMAGED */
export async function readDictionaryDirectory(store: ModelStore): Promise<Uint8Array[]> {
  const value = await store.get(DICTIONARY_DIRECTORY_KEY);
  return decodeValue(`${store.name}: dictionary, directory`, value, decodeDictionaryDirectory);
}

/**
 * Decodes a block of the dictionary that must be there.
 *
 * @param index of the block in the dictionary, for messages.
 * @param types number of word ids in use: the ids of the block are below this.
 * @param first the word that the block must begin with.
 * @throws KNESER_DAMAGED
 */
export function decodeWords(
  store: ModelStore,
  index: number,
  value: Uint8Array | undefined,
  types: number,
  first?: Uint8Array,
): DictionaryBlock {
  return decodeValue(wordsName(store, index), value, bytes => {
    const block = decodeDictionaryBlock(bytes, types);
    if (first && (block.words.length === 0 || compareBytes(block.words[0], first) !== 0)) {
      throw new BlockDamage('another block is in its place');
    }
    return block;
  });
}

/** The name of a block of the dictionary in messages. */
function wordsName(store: ModelStore, index: number): string {
  return `${store.name}: dictionary, block ${index}`;
}
