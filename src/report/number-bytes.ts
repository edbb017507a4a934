import { writeDigits, writeWhole } from './figure-bytes.js';

/** The most bytes that {@link writeNumber} writes. */
export const NUMBER_BYTES = 25;

const MINUS = 0x2d;
const POINT = 0x2e;
const ZERO = 0x30;

/** Whole numbers below this one have fewer than ten digits. */
const LARGE = 1e9;
/** The numbers from `SMALL` to `HUGE` have an exact power of ten that makes 16 digits of them, and no exponent in JSON. */
const SMALL = 1e-6;
const HUGE = 1e15;
/** POWERS[i] = 10^i, exact in double precision. */
const POWERS = Float64Array.from({ length: 23 }, (_, i) => Number(`1e${i}`));
const LOG10_2 = 0.30103;
/** The exponent of {@link SMALL}. */
const LEAST = -20;
/** By exponent − {@link LEAST}, half the distance between two doubles. */
const REACHES = Float64Array.from({ length: 71 }, (_, i) => 2 ** (i + LEAST - 53));
/** Splits a double into two halves of 26 bits (Dekker 1971). */
const SPLITTER = 2 ** 27 + 1;
/** The last half of 16 digits. */
const HALF = 1e8;
/** The error of what {@link writeNumber} compares is below this bound, of the last of 16 digits; so near to a boundary, `JSON.stringify` decides. */
const DOUBT = 1e-6;

const double = new Float64Array(1);
/** The two 32-bit halves of `double`. */
const halves = new Uint32Array(double.buffer);
/** The index of the half with the exponent. */
const HIGH = new Uint8Array(Uint32Array.of(1).buffer)[0];

const encoder = new TextEncoder();

/**
 * Writes a finite number as `JSON.stringify` formats it: with the fewest digits that no other double has, and of these the nearest. A string
 * for each number takes twice as long.
 *
 * A number x is scaled by a power of ten to x', with 16 digits before the point, as the sum of two doubles (Dekker 1971), which is exact.
 * Doubles are half a unit in the last place away from the bounds between them; if the nearest whole number is nearer to x' than that
 * distance, scaled alike, it identifies x. Else one more digit does.
 *
 * @param bytes has room for {@link NUMBER_BYTES} more bytes.
 * @returns the offset behind the number.
 */
export function writeNumber(value: number, bytes: Uint8Array, at: number): number {
  const size = Math.abs(value);
  if (size < LARGE && size === Math.floor(size)) {
    if (value < 0) bytes[at++] = MINUS;
    return writeWhole(size, bytes, at);
  }
  if (!(size >= SMALL && size < HUGE)) return writeText(value, bytes, at);
  double[0] = size;
  const exponent = (halves[HIGH] >>> 20) - 1023;
  // The doubles below a power of two are nearer to it than those above.
  if ((halves[HIGH] & 0xfffff) === 0 && halves[1 - HIGH] === 0) return writeText(value, bytes, at);
  let places = 15 - Math.floor(exponent * LOG10_2);
  if (size * POWERS[places] >= 1e16) places--;
  const power = POWERS[places];
  const scaled = size * power;
  if (!(scaled >= 1e15 && scaled < 1e16)) return writeText(value, bytes, at);
  const error = productError(size, power, scaled);
  const reach = REACHES[exponent - LEAST] * power;
  const first = Math.floor(scaled / HALF);
  const rest = scaled - first * HALF + error;
  const nearest = Math.floor(rest + 0.5);
  const distance = Math.abs(rest - nearest);
  const ten = 10 * Math.floor(rest / 10 + 0.5);
  let last = nearest;
  let digits = 8;
  if (Math.abs(rest - ten) < reach - DOUBT) {
    // Behind these digits all are zeros, maybe some before, too.
    last = ten;
  } else if (distance > reach + DOUBT) {
    last = Math.floor(10 * rest + 0.5);
    digits = 9;
    if (Math.abs(10 * rest - last) > 0.5 - 10 * DOUBT) return writeText(value, bytes, at);
  } else if (distance > reach - DOUBT || distance > 0.5 - DOUBT || Math.abs(rest - ten) < reach + DOUBT) {
    return writeText(value, bytes, at);
  }
  if (last < 0 || last >= (digits === 8 ? HALF : 10 * HALF)) return writeText(value, bytes, at);
  if (value < 0) bytes[at++] = MINUS;
  const before = 16 - places;
  let end = at + 9 + digits;
  if (before > 0) {
    // The digits before the point move by one byte to make room for it.
    writeDigits(first, 8, bytes, at + 1);
    writeDigits(last, digits, bytes, at + 9);
    for (let i = 0; i < before; i++) bytes[at + i] = bytes[at + i + 1];
    bytes[at + before] = POINT;
  } else {
    bytes[at++] = ZERO;
    bytes[at++] = POINT;
    for (let i = before; i < 0; i++) bytes[at++] = ZERO;
    writeDigits(first, 8, bytes, at);
    writeDigits(last, digits, bytes, at + 8);
    end = at + 8 + digits;
  }
  while (bytes[end - 1] === ZERO) end--;
  return bytes[end - 1] === POINT ? end - 1 : end;
}

/** a · b − `product`, exactly. @param product a · b as a double. */
function productError(a: number, b: number, product: number): number {
  const aSplit = SPLITTER * a;
  const aHigh = aSplit - (aSplit - a);
  const aLow = a - aHigh;
  const bSplit = SPLITTER * b;
  const bHigh = bSplit - (bSplit - b);
  const bLow = b - bHigh;
  return aLow * bLow - (product - aHigh * bHigh - aLow * bHigh - aHigh * bLow);
}

function writeText(value: number, bytes: Uint8Array, at: number): number {
  return at + encoder.encodeInto(JSON.stringify(value), bytes.subarray(at)).written;
}
