/**
 * Keys of the store. Text, and for blocks the first row in big-endian numbers behind it, so that a scan in key order
 * reads a table in row order.
 */

const encoder = new TextEncoder();

/** The manifest: written last. */
export const MANIFEST_KEY = encoder.encode('manifest');

/** The first rows of a table's blocks. */
export function directoryKey(table: string): Uint8Array {
  return encoder.encode(`directory/${table}`);
}

/** A block of a table, by its first row: the context, nearest word first, and the word. */
export function blockKey(table: string, first: ArrayLike<number>): Uint8Array {
  return numbered(`table/${table}/`, first);
}

/** Where the blocks of a table begin, and where they have ended. */
export function tableRange(table: string): [from: Uint8Array, to: Uint8Array] {
  return [encoder.encode(`table/${table}/`), encoder.encode(`table/${table}0`)];
}

/** The class of every word, in models that have classes. */
export const CLASSES_KEY = encoder.encode('classes');

/** The `tokenizer.json` of models that have one. */
export const TOKENIZER_KEY = encoder.encode('tokenizer');

/** The first words of the dictionary's blocks. */
export const DICTIONARY_DIRECTORY_KEY = encoder.encode('directory/dictionary');

/** A block of the dictionary, by number. */
export function dictionaryKey(index: number): Uint8Array {
  return numbered('dictionary/', [index]);
}

/** What a key is of, for messages: `table 11`, `directory 11`, `manifest`. */
export function describeKey(key: Uint8Array): string {
  const [kind, name] = String.fromCharCode(...key.subarray(0, 64)).split('/');
  return kind === 'table' || kind === 'directory' ? `${kind} ${name}` : kind;
}

function numbered(prefix: string, numbers: ArrayLike<number>): Uint8Array {
  const key = new Uint8Array(prefix.length + 4 * numbers.length);
  encoder.encodeInto(prefix, key);
  const view = new DataView(key.buffer);
  for (let i = 0; i < numbers.length; i++) view.setUint32(prefix.length + 4 * i, numbers[i]);
  return key;
}

/** The version of the format that this code reads and writes. */
export const FORMAT_VERSION = 1;
