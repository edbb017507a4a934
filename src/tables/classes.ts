import { encodeMsgpack } from '../base/encode-msgpack.js';
import { decodeMsgpack } from '../base/decode-msgpack.js';
import { BlockDamage, seal, unseal } from '../base/sealed.js';
import { requireInteger } from '../base/shape.js';
import { readVarint, writeVarint } from '../base/varint.js';
import { BOS, FIRST_WORD, NONE } from '../text/tokens.js';

/** The classes of a model's words. */
export interface WordClasses {
  /** Number of class ids; `NONE`, `<unk>`, `<s>` and `</s>` have one each. */
  readonly count: number;
  /** Number of classes of the words that are predicted, which are all but `<s>`: classes without words, which clustering may leave, are not among them. */
  readonly predicted: number;
  /** By word id, the id of its class. */
  readonly of: Uint32Array;
  /** By word id, p(word | class): the word's share of the tokens of its class. Sums to 1 over the words of each class. */
  readonly share: Float64Array;
}

/** The pseudo-count [tokens] that is added to the frequency of every word before p(word | class) is computed, so that no p is 0. */
const PRIOR = 0.1;

/**
 * The bytes of the words' classes: a checksum, and MessagePack [number of class ids, number of word ids, bytes]. The bytes have two varints
 * for each word id from 1 on: the class of the word, and its frequency in the text.
 *
 * @param count number of class ids.
 * @param of by word id, the id of its class.
 * @param frequencies by word id, the frequency in the text.
 */
export function encodeClasses(count: number, of: Uint32Array, frequencies: Float64Array): Uint8Array {
  const bytes = new Uint8Array(10 * of.length);
  let at = 0;
  for (let id = 1; id < of.length; id++) {
    at = writeVarint(bytes, at, of[id]);
    at = writeVarint(bytes, at, frequencies[id]);
  }
  return seal(encodeMsgpack([count, of.length, bytes.subarray(0, at)]));
}

/** The reverse of {@link encodeClasses}. @throws BlockDamage */
export function decodeClasses(value: Uint8Array): WordClasses {
  const header: unknown = decodeMsgpack(unseal(value));
  if (!Array.isArray(header) || header.length !== 3) throw new BlockDamage('no header of classes');
  const bytes: unknown = header[2];
  if (!(bytes instanceof Uint8Array)) throw new BlockDamage('impossible header of classes');
  const types = requireInteger(header[1], 'number of words', 1, bytes.length);
  const count = requireInteger(header[0], 'number of classes', BOS + 1, types + FIRST_WORD);
  const of = new Uint32Array(types);
  const frequencies = new Float64Array(types);
  const cursor = { at: 0 };
  for (let id = 1; id < types; id++) {
    of[id] = readVarint(bytes, cursor);
    frequencies[id] = readVarint(bytes, cursor);
    if (of[id] >= count || of[id] === NONE) throw new BlockDamage('impossible class');
  }
  if (cursor.at !== bytes.length) throw new BlockDamage('wrong length of classes');
  const predicted = new Set(of.filter((_, id) => id !== NONE && id !== BOS)).size;
  return { count, predicted, of, share: wordShares(count, of, frequencies) };
}

/** By word id, p(word | class) with the pseudo-count {@link PRIOR}. */
function wordShares(count: number, of: Uint32Array, frequencies: Float64Array): Float64Array {
  const totals = new Float64Array(count);
  for (let id = 1; id < of.length; id++) totals[of[id]] += frequencies[id] + PRIOR;
  return of.length === 0
    ? new Float64Array(0)
    : Float64Array.from(of, (c, id) => (id === 0 ? 0 : (frequencies[id] + PRIOR) / totals[c]));
}
