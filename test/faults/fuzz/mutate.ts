/** Gives numbers from 0 to 1, which make every choice. */
export type Random = () => number;

/** A whole number below a limit. */
export function below(random: Random, limit: number): number {
  return Math.floor(random() * limit);
}

/** A random item of a list. */
export function pick<T>(random: Random, choices: ArrayLike<T>): T {
  return choices[below(random, choices.length)];
}

/** Numbers at which code goes wrong: around the powers of two that limit lengths, ids and counts. */
export const NUMBERS = [
  0,
  1,
  2,
  3,
  7,
  8,
  127,
  128,
  255,
  256,
  2047,
  2048,
  2049,
  65535,
  65536,
  2 ** 24,
  2 ** 28,
  2 ** 31 - 1,
  2 ** 31,
  2 ** 32 - 1,
  2 ** 32,
  2 ** 53 - 1,
  2 ** 53,
  1e300,
  1.5,
  -1,
  -2,
  -(2 ** 31),
] as const;

/** The most bytes of a mutated case. */
const MOST_BYTES = 1 << 18;

/**
 * Changes bytes at random: flips bits, writes numbers of all widths and varints, removes, repeats, moves and cuts off pieces, and
 * inserts pieces of another case or words of the parser's format.
 */
export function mutate(
  bytes: Uint8Array,
  others: readonly Uint8Array[],
  words: readonly Uint8Array[],
  random: Random,
): Uint8Array {
  let result: Uint8Array = bytes.slice();
  // Mostly one change, seldom many.
  for (let changes = 1 + Math.floor(-1.5 * Math.log(1 - random())); changes > 0; changes--) {
    result = mutateOnce(result, others, words, random);
  }
  return result.length > MOST_BYTES ? result.slice(0, MOST_BYTES) : result;
}

function mutateOnce(
  bytes: Uint8Array,
  others: readonly Uint8Array[],
  words: readonly Uint8Array[],
  random: Random,
): Uint8Array {
  const at = below(random, bytes.length + 1);
  const length = Math.min(bytes.length - at, 1 + Math.floor(2 ** (below(random, 100) / 10)));
  switch (below(random, 10)) {
    case 0:
    case 1:
      if (at < bytes.length) bytes[at] ^= 1 << below(random, 8);
      return bytes;
    case 2:
      if (at < bytes.length) bytes[at] = below(random, 256);
      return bytes;
    case 3:
      return overwrite(bytes, at, numberBytes(random));
    case 4:
      return splice(bytes, at, 0, numberBytes(random));
    case 5:
      return splice(bytes, at, length, new Uint8Array(0));
    case 6: {
      const copies = random() < 0.9 ? 1 : below(random, 200);
      const piece = bytes.subarray(at, at + length);
      return splice(bytes, at, 0, repeat(piece, copies));
    }
    case 7: {
      const other = others.length > 0 ? pick(random, others) : bytes;
      const from = below(random, other.length + 1);
      return splice(bytes, at, random() < 0.5 ? length : 0, other.slice(from, from + length));
    }
    case 8:
      return random() < 0.3 ? bytes.slice(0, at) : bytes;
    default:
      return words.length > 0 ? splice(bytes, at, random() < 0.5 ? length : 0, pick(random, words)) : bytes;
  }
}

/** A number in one of the forms that parsers read: little-endian, big-endian, a varint, or digits. */
function numberBytes(random: Random): Uint8Array {
  const value = pick(random, NUMBERS);
  const view = new DataView(new ArrayBuffer(8));
  const little = random() < 0.5;
  switch (below(random, 6)) {
    case 0:
      view.setUint16(0, value, little);
      return new Uint8Array(view.buffer, 0, 2);
    case 1:
      view.setUint32(0, value, little);
      return new Uint8Array(view.buffer, 0, 4);
    case 2:
      view.setFloat64(0, value, little);
      return new Uint8Array(view.buffer);
    case 3:
      return varint(BigInt(Math.trunc(Math.abs(Math.min(value, 2 ** 63)))));
    case 4:
      return Uint8Array.of(below(random, 256));
    default:
      return new TextEncoder().encode(String(value));
  }
}

function varint(value: bigint): Uint8Array {
  const bytes: number[] = [];
  for (; value > 127n; value >>= 7n) bytes.push(Number(value & 127n) | 128);
  return Uint8Array.from([...bytes, Number(value)]);
}

function overwrite(bytes: Uint8Array, at: number, by: Uint8Array): Uint8Array {
  bytes.set(by.subarray(0, bytes.length - at), at);
  return bytes;
}

function splice(bytes: Uint8Array, at: number, remove: number, insert: Uint8Array): Uint8Array {
  return new Uint8Array(Buffer.concat([bytes.subarray(0, at), insert, bytes.subarray(at + remove)]));
}

function repeat(piece: Uint8Array, copies: number): Uint8Array {
  return new Uint8Array(
    Buffer.concat(Array.from({ length: Math.min(copies, Math.ceil(MOST_BYTES / (piece.length + 1))) }, () => piece)),
  );
}
