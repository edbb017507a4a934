import { BlockDamage, seal, unseal } from '../base/sealed.js';
import { encodeMsgpack } from '../base/encode-msgpack.js';
import { decodeMsgpack } from '../base/decode-msgpack.js';
import { readVarint, writeVarint } from '../base/varint.js';
import { DECIMAL_BYTES, readDecimals, writeDecimals } from './decimals.js';

/**
 * Blocks of rows: a table of a store of counted rows is divided into blocks, and each block is one value of the store. README.md of this
 * folder has the contract of a table, and draws the bytes of a block.
 *
 * A block holds at most this many consecutive rows, and all followers of each of its contexts. A context with more followers, a *wide*
 * context, has blocks of its own, each of which repeats the totals of the context.
 */
export const BLOCK_ENTRIES = 2048;

/** Sums over the followers of a context. */
export interface ContextTotals {
  /** Σc, the sum of the counts, pruned followers included. */
  readonly total: number;
  /** N1, the number of followers with count 1. */
  readonly ones: number;
  /** N2, the number of followers with count 2. */
  readonly twos: number;
  /** N+, the number of followers. */
  readonly followers: number;
}

/** The numbers that a back-off model has in place of counts. */
export interface BlockNumbers {
  /** By row, log10 p. */
  log10Probs: Float64Array;
  /** By context, log10 of the back-off. */
  backoffs: Float64Array;
}

/** The numbers of a model of counts. */
export const NO_NUMBERS = new Float64Array(0);

/** A decoded block: C contexts of k words, and R rows. Arrays may have more entries, which have no meaning. */
export interface Block {
  /** `contexts[j][c]` is word j of context c [word id], j = 0 for the nearest word: k arrays of length C. */
  contexts: Uint32Array[];
  /** C. */
  contextCount: number;
  /** Rows `starts[c]` … `starts[c + 1]` − 1 are the followers of context c; `starts[C]` is R. */
  starts: Uint32Array;
  /** By context, the sum of the counts of pruned followers. */
  pruned: Uint32Array;
  /** By row, the id of the predicted word. */
  words: Uint32Array;
  /** By row, the count, 1 or more. */
  counts: Uint32Array;
  /** The totals of the block's only context, if that context is wide. */
  wideTotals?: ContextTotals | undefined;
  /** Only in a back-off model, where all counts are 1. */
  numbers?: BlockNumbers | undefined;
}

/** The bytes of a block, as README.md draws them. */
export function encodeBlock(block: Block): Uint8Array {
  const { contexts, contextCount, starts, pruned, words, counts, wideTotals: wide, numbers } = block;
  const rows = starts[contextCount];
  const width = contexts.length;
  const bits = sharedBits(width);
  const bytes = writable(contextCount * (5 * width + 6 + DECIMAL_BYTES) + rows * (11 + DECIMAL_BYTES) + 16);
  let at = (contextCount * bits + 7) >>> 3;
  bytes.fill(0, 0, at);
  for (let c = 0; c < contextCount; c++) {
    let shared = 0;
    if (c > 0) while (contexts[shared][c] === contexts[shared][c - 1]) shared++;
    writeBits(bytes, c * bits, shared);
    for (let j = shared; j < width; j++) {
      const before = j === shared && c > 0 ? contexts[j][c - 1] : 0;
      const value = contexts[j][c] - before;
      // Most varints have one byte.
      if (value < 0x80) bytes[at++] = value;
      else at = writeVarint(bytes, at, value);
    }
  }
  const flags = at;
  at += (2 * rows + 7) >>> 3;
  bytes.fill(0, flags, at);
  for (let c = 0; c < contextCount; c++) {
    const end = starts[c + 1];
    let before = 0;
    for (let row = starts[c]; row < end; row++) {
      const flag = (row + 1 === end ? 1 : 0) | (counts[row] > 1 ? 2 : 0);
      bytes[flags + (row >>> 2)] |= flag << ((row & 3) << 1);
      const value = words[row] - before;
      if (value < 0x80) bytes[at++] = value;
      else at = writeVarint(bytes, at, value);
      before = words[row];
    }
  }
  for (let row = 0; row < rows; row++) if (counts[row] > 1) at = writeVarint(bytes, at, counts[row] - 2);
  const totals = wide ? [wide.total, wide.ones, wide.twos, wide.followers] : null;
  const header = [contextCount, rows, totals, bytes.subarray(0, at)];
  if (numbers) {
    let end = writeDecimals(bytes, at, numbers.log10Probs, rows);
    end = writeDecimals(bytes, end, numbers.backoffs, contextCount);
    return seal(encodeMsgpack([...header, null, bytes.subarray(at, end)]));
  }
  if (pruned.subarray(0, contextCount).every(count => count === 0)) return seal(encodeMsgpack(header));
  const end = at;
  for (let c = 0; c < contextCount; c++) at = writeVarint(bytes, at, pruned[c]);
  return seal(encodeMsgpack([...header, bytes.subarray(end, at)]));
}

/** An empty block with room for `contexts` contexts of `width` words and `rows` rows, in one piece of memory. */
export function blankBlock(width: number, contexts: number, rows: number): Block {
  const memory = new Uint32Array((width + 2) * contexts + 1 + 2 * rows);
  let at = 0;
  const take = (length: number): Uint32Array => memory.subarray(at, (at += length));
  return {
    contexts: Array.from({ length: width }, () => take(contexts)),
    contextCount: 0,
    starts: take(contexts + 1),
    pruned: take(contexts),
    words: take(rows),
    counts: take(rows),
  };
}

/**
 * The reverse of {@link encodeBlock}, for contexts of `width` words.
 *
 * @param reuse a block of {@link blankBlock} with room for {@link BLOCK_ENTRIES}, which is overwritten and returned.
 * @throws BlockDamage for bytes that no encoder wrote.
 */
export function decodeBlock(value: Uint8Array, width: number, reuse?: Block): Block {
  const header: unknown = decodeMsgpack(unseal(value));
  if (!Array.isArray(header) || header.length < 4 || header.length > 6) throw new BlockDamage('no block header');
  const [contextCount, rows, totals, bytes, pruned, numbers] = header as [
    number,
    number,
    number[] | null,
    Uint8Array,
    (Uint8Array | null)?,
    Uint8Array?,
  ];
  if (!(bytes instanceof Uint8Array) || !(rows <= BLOCK_ENTRIES && contextCount >= 1 && contextCount <= rows)) {
    throw new BlockDamage('impossible block header');
  }
  const block = reuse ?? blankBlock(width, contextCount, rows);
  const { contexts, starts, words, counts } = block;
  block.contextCount = contextCount;
  block.wideTotals = undefined;
  const bits = sharedBits(width);
  // Varints are decoded inline, since a call for each would double the time. Bytes past the end read as zeros.
  let at = (contextCount * bits + 7) >>> 3;
  let byte = 0;
  for (let c = 0; c < contextCount; c++) {
    const shared = readBits(bytes, c * bits, bits);
    if (width > 0 && (shared >= width || (shared > 0 && c === 0))) throw new BlockDamage('impossible context');
    for (let j = 0; j < shared; j++) contexts[j][c] = contexts[j][c - 1];
    for (let j = shared; j < width; j++) {
      let value = bytes[at++];
      if (value >= 0x80) {
        value &= 0x7f;
        let shift = 7;
        do {
          byte = bytes[at++];
          value |= (byte & 0x7f) << shift;
          shift += 7;
        } while (byte >= 0x80);
      }
      contexts[j][c] = j === shared && c > 0 ? value + contexts[j][c - 1] : value;
    }
  }
  const flags = at;
  at += (2 * rows + 7) >>> 3;
  let context = 0;
  let before = 0;
  for (let row = 0; row < rows; row++) {
    let value = bytes[at++];
    if (value >= 0x80) {
      value &= 0x7f;
      let shift = 7;
      do {
        byte = bytes[at++];
        value |= (byte & 0x7f) << shift;
        shift += 7;
      } while (byte >= 0x80);
    }
    before += value;
    words[row] = before;
    const flag = bytes[flags + (row >>> 2)] >>> ((row & 3) << 1);
    counts[row] = 1 + (flag & 2);
    if (flag & 1) {
      if (context === contextCount) throw new BlockDamage('too many contexts');
      starts[++context] = row + 1;
      before = 0;
    }
  }
  if (context !== contextCount || starts[context] !== rows) throw new BlockDamage('too few contexts');
  const cursor = { at };
  let sum = rows;
  for (let row = 0; row < rows; row++) if (counts[row] === 3) sum += counts[row] = readVarint(bytes, cursor) + 2;
  if (cursor.at !== bytes.length) throw new BlockDamage('wrong length');
  if (pruned) readAll(pruned, block.pruned, contextCount);
  else block.pruned.fill(0, 0, contextCount);
  if (numbers) readNumbers(numbers, block, rows);
  else block.numbers = undefined;
  if (totals !== null) {
    if (contextCount > 1) throw new BlockDamage('totals of one context for several');
    block.wideTotals = checkedTotals(totals, rows);
  }
  if (pruned) for (let c = 0; c < contextCount; c++) sum += block.pruned[c];
  if (sum > MOST_TOTAL) checkTotals(block);
  return block;
}

/** The largest Σc of a context, because totals have 32 bits. */
const MOST_TOTAL = 2 ** 32 - 1;

/** The totals of a wide context with at least `rows` followers. @throws BlockDamage for impossible totals. */
function checkedTotals(totals: readonly number[], rows: number): ContextTotals {
  const [total, ones, twos, followers] = totals;
  const isPossible =
    Array.isArray(totals) &&
    totals.length === 4 &&
    totals.every(number => Number.isInteger(number) && number >= 0 && number <= MOST_TOTAL) &&
    rows <= followers &&
    ones + twos <= followers &&
    ones + 2 * twos + 3 * (followers - ones - twos) <= total;
  if (!isPossible) throw new BlockDamage('impossible totals');
  return { total, ones, twos, followers };
}

/** @throws BlockDamage if Σc of a context does not fit 32 bits. */
function checkTotals({ contextCount, starts, counts, pruned }: Block): void {
  for (let c = 0; c < contextCount; c++) {
    let total = pruned[c];
    for (let row = starts[c]; row < starts[c + 1]; row++) total += counts[row];
    if (total > MOST_TOTAL) throw new BlockDamage('impossible totals');
  }
}

/** Decodes bytes that are exactly `length` varints. @throws BlockDamage */
function readAll(bytes: Uint8Array, to: Uint32Array, length: number): void {
  const cursor = { at: 0 };
  for (let i = 0; i < length; i++) to[i] = readVarint(bytes, cursor);
  if (cursor.at !== bytes.length) throw new BlockDamage('wrong length');
}

/** Decodes the numbers of a back-off model. @throws BlockDamage */
function readNumbers(bytes: Uint8Array, block: Block, rows: number): void {
  if (!(bytes instanceof Uint8Array)) throw new BlockDamage('impossible block header');
  block.numbers ??= {
    log10Probs: new Float64Array(block.words.length),
    backoffs: new Float64Array(block.pruned.length),
  };
  const cursor = { at: 0 };
  readDecimals(bytes, cursor, block.numbers.log10Probs, rows);
  readDecimals(bytes, cursor, block.numbers.backoffs, block.contextCount);
  if (cursor.at !== bytes.length) throw new BlockDamage('wrong length');
  const { log10Probs, backoffs } = block.numbers;
  // NaN and +∞ fail this test. A log10 p that an import filled in may be above 0.
  const isPossible = (log10: number): boolean => log10 <= LARGEST_BACKOFF;
  for (let row = 0; row < rows; row++) if (!isPossible(log10Probs[row])) throw new BlockDamage('no probability');
  for (let c = 0; c < block.contextCount; c++) if (!isPossible(backoffs[c])) throw new BlockDamage('no back-off');
}

/** The largest log10 back-off: small enough that a sum of one back-off for each order stays finite. */
export const LARGEST_BACKOFF = 1e300;

/** Blocks are encoded here, one at a time, before their bytes are copied out. */
let buffer = new Uint8Array(1 << 16);

/** The buffer for encoding, with at least `length` bytes. */
function writable(length: number): Uint8Array {
  if (buffer.length < length) buffer = new Uint8Array(2 * length);
  return buffer;
}

/** The number of bits in which a block stores how many words a context of `width` words shares with the context before. */
function sharedBits(width: number): number {
  return width < 2 ? 0 : 32 - Math.clz32(width - 1);
}

/** Writes `value`, of up to 8 bits, from bit `bit` on. The bits must be 0 before. */
function writeBits(bytes: Uint8Array, bit: number, value: number): void {
  const at = bit >>> 3;
  const shifted = value << (bit & 7);
  bytes[at] |= shifted;
  if (shifted > 0xff) bytes[at + 1] |= shifted >>> 8;
}

/** The number in the `count` bits from bit `bit` on. */
function readBits(bytes: Uint8Array, bit: number, count: number): number {
  const at = bit >>> 3;
  return ((bytes[at] | (bytes[at + 1] << 8)) >>> (bit & 7)) & ((1 << count) - 1);
}
