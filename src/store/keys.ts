/**
 * Keys of the store: text in UTF-8; in the key of a block its first row follows, as big-endian 32-bit numbers, so that a scan in the
 * order of keys reads a table in the order of its rows. src/tables/README.md lists all keys.
 */

import { KneserError, type ErrorCode } from '../base/errors.js';

const encoder = new TextEncoder();

/** The manifest, which is written last. */
export const MANIFEST_KEY = encoder.encode('manifest');

/** The directory of a table of row blocks: the first rows of its blocks. */
export function directoryKey(table: string): Uint8Array {
  return encoder.encode(`directory/${table}`);
}

/** The directory of a table of trie blocks. */
export function trieKey(table: string): Uint8Array {
  return encoder.encode(`trie/${table}`);
}

/** A trie block of a table. @param number of the block, from 0 up. */
export function trieBlockKey(table: string, number: number): Uint8Array {
  return numbered(`table/${table}/`, [number]);
}

/** A block of rows of a table. @param first its first row: the context, nearest word first, then the word. */
export function blockKey(table: string, first: ArrayLike<number>): Uint8Array {
  return numbered(`table/${table}/`, first);
}

/** The keys of all blocks of a table are at least `from` and below `to`. */
export function tableRange(table: string): [from: Uint8Array, to: Uint8Array] {
  return [encoder.encode(`table/${table}/`), encoder.encode(`table/${table}0`)];
}

/** The class of each word, in models with classes. */
export const CLASSES_KEY = encoder.encode('classes');

/** The tokenizer's file, in models that have one. */
export const TOKENIZER_KEY = encoder.encode('tokenizer');

/** The directory of the dictionary: the first words of its blocks. */
export const DICTIONARY_DIRECTORY_KEY = encoder.encode('directory/dictionary');

/** A block of the dictionary. @param index its number, from 0 up. */
export function dictionaryKey(index: number): Uint8Array {
  return numbered('dictionary/', [index]);
}

/** The name of a key's value in messages: `table 11`, `directory 11`, `manifest`. */
export function describeKey(key: Uint8Array): string {
  const [kind, name] = String.fromCharCode(...key.subarray(0, 64)).split('/');
  return kind === 'table' || kind === 'directory' || kind === 'trie' ? `${kind} ${name}` : kind;
}

function numbered(prefix: string, numbers: ArrayLike<number>): Uint8Array {
  const key = new Uint8Array(prefix.length + 4 * numbers.length);
  encoder.encodeInto(prefix, key);
  const view = new DataView(key.buffer);
  for (let i = 0; i < numbers.length; i++) view.setUint32(prefix.length + 4 * i, numbers[i]);
  return key;
}

/** The version of the keys and values of a model: tables are tries. */
export const FORMAT_VERSION = 2;

/** The version of the keys and values of a store of counted rows, which is not a model yet. Models of kneser 0.1.0 have it. */
export const ROWS_VERSION = 1;

/** The error for a model of another version. @param format of the model. @param reads the version that is wanted. */
export function versionError(model: string, format: number, reads: number): KneserError {
  const refuse = (code: ErrorCode, remedy: string): KneserError => new KneserError(code, `${model}: ${remedy}`);
  if (reads === ROWS_VERSION) {
    return refuse('KNESER_OPTION', 'has the present format already; kneser upgrade takes models of kneser 0.1.0');
  }
  const known = `a model of format ${format}; this version of kneser reads format ${reads}`;
  if (format !== ROWS_VERSION) return refuse('KNESER_VERSION', `${known}. Train it again, or use a newer kneser`);
  return refuse('KNESER_VERSION', `${known}. Convert it: kneser upgrade ${model} --out DIR`);
}
