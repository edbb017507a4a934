/**
 * Keys of the store: text in UTF-8. The key of a trie block ends with the index of the block in its table, the key of a block of rows with
 * the word ids of its first row. These are big-endian 32-bit numbers, so that the order of the keys is the order of the rows.
 * src/tables/README.md lists all keys.
 */

import { KneserError, type ErrorCode } from '../base/errors.js';
import { quoted } from '../base/quoted.js';

const encoder = new TextEncoder();

/** The key of the manifest, which is written last. */
export const MANIFEST_KEY = encoder.encode('manifest');

/** The key of the directory of a table of row blocks: the first row of each block. */
export function directoryKey(table: string): Uint8Array {
  return encoder.encode(`directory/${table}`);
}

/** The key of the directory of a table of trie blocks. */
export function trieKey(table: string): Uint8Array {
  return encoder.encode(`trie/${table}`);
}

/** The key of a trie block of a table. @param index of the block in the table, from 0. */
export function trieBlockKey(table: string, index: number): Uint8Array {
  return keyWithNumbers(`table/${table}/`, [index]);
}

/** The key of a block of rows of a table. @param first the ids of its first row: the context, nearest word first, then the predicted word. */
export function blockKey(table: string, first: ArrayLike<number>): Uint8Array {
  return keyWithNumbers(`table/${table}/`, first);
}

/** The range of keys of a table's blocks: at least `from` and below `to`. */
export function tableRange(table: string): [from: Uint8Array, to: Uint8Array] {
  return [encoder.encode(`table/${table}/`), encoder.encode(`table/${table}0`)];
}

/** The key of the value that holds the class of each word in a clustering: `classes`, `classes-2` … @param stream the clustering's stream. */
export function classesKey(stream: string): Uint8Array {
  return encoder.encode(stream);
}

/** The key of the tokenizer's file, in models that have one. */
export const TOKENIZER_KEY = encoder.encode('tokenizer');

/** The key of the directory of the dictionary: the first word of each block. */
export const DICTIONARY_DIRECTORY_KEY = encoder.encode('directory/dictionary');

/** The key of a block of the dictionary. @param index of the block, from 0. */
export function dictionaryKey(index: number): Uint8Array {
  return keyWithNumbers('dictionary/', [index]);
}

/** Names the value of a key in messages: `table 11`, `directory 11`, `manifest`. */
export function describeKey(key: Uint8Array): string {
  const [kind, name] = String.fromCharCode(...key.subarray(0, 64)).split('/');
  return kind === 'table' || kind === 'directory' || kind === 'trie' ? `${kind} ${name}` : kind;
}

/** A key that ends with big-endian 32-bit numbers. */
function keyWithNumbers(prefix: string, numbers: ArrayLike<number>): Uint8Array {
  const key = new Uint8Array(prefix.length + 4 * numbers.length);
  encoder.encodeInto(prefix, key);
  const view = new DataView(key.buffer);
  for (let i = 0; i < numbers.length; i++) view.setUint32(prefix.length + 4 * i, numbers[i]);
  return key;
}

/** The version of the keys and values of a model, whose tables consist of trie blocks. */
export const FORMAT_VERSION = 2;

/**
 * The version of the keys and values of a store whose tables consist of blocks of rows. Training makes a model from such a store; models
 * of kneser 0.1.0 are such stores.
 */
export const ROWS_VERSION = 1;

/** The error for a model of another version. @param format the version of the model. @param wanted the version that the caller reads. */
export function versionError(model: string, format: number, wanted: number): KneserError {
  const refuse = (code: ErrorCode, remedy: string): KneserError => new KneserError(code, `${model}: ${remedy}`);
  if (wanted === ROWS_VERSION && format === FORMAT_VERSION) {
    return refuse('KNESER_OPTION', 'has the present format already; kneser upgrade takes models of kneser 0.1.0');
  }
  const known = `a model of format ${format}; this version of kneser reads format ${FORMAT_VERSION}`;
  if (format !== ROWS_VERSION) return refuse('KNESER_VERSION', `${known}. Train it again, or use a newer kneser`);
  return refuse('KNESER_VERSION', `${known}. Convert it: kneser upgrade ${quoted(model)} --out DIR`);
}
