import { figure } from './figures.js';

/** The most bytes that {@link writeFigure} writes; numbers from 10^21 on are written as powers of ten. */
export const FIGURE_BYTES = 32;

const MINUS = 0x2d;
const POINT = 0x2e;
const ZERO = 0x30;

/** The decimal digits of the numbers below 100, two bytes each. */
const PAIRS = Uint8Array.from({ length: 200 }, (_, i) => ZERO + (i % 2 === 0 ? Math.floor(i / 20) : (i >> 1) % 10));

const encoder = new TextEncoder();

/**
 * Writes a number as {@link figure} formats it, into `bytes` from `at` on. A string for each number takes several times as long.
 *
 * @param bytes has room for {@link FIGURE_BYTES} more bytes.
 * @returns the offset behind the number.
 */
export function writeFigure(value: number, decimals: 2 | 4, bytes: Uint8Array, at: number): number {
  const scale = decimals === 2 ? 1e2 : 1e4;
  const scaled = Math.abs(value) * scale;
  const nearest = Math.floor(scaled + 0.5);
  const above = scaled + 0.5 - nearest;
  // Next to a tie, the product is not exact enough to tell which decimal is nearer.
  if (!(scaled < 1e9 && above > 1e-6 && above < 1 - 1e-6)) return writeText(figure(value, decimals), bytes, at);
  if (value < 0 && nearest > 0) bytes[at++] = MINUS;
  const before = Math.floor(nearest / scale);
  at = writeWhole(before, bytes, at);
  bytes[at++] = POINT;
  writeDigits(nearest - before * scale, decimals, bytes, at);
  return at + decimals;
}

/** Writes a whole number below 10^9. The other parameters and the result are those of {@link writeFigure}. */
export function writeWhole(value: number, bytes: Uint8Array, at: number): number {
  let digits = 1;
  for (let power = 10; power <= value; power *= 10) digits++;
  writeDigits(value, digits, bytes, at);
  return at + digits;
}

/** Writes the last `digits` decimal digits of a whole number below 2^31. */
export function writeDigits(value: number, digits: number, bytes: Uint8Array, at: number): void {
  let rest = value | 0;
  let i = at + digits - 2;
  for (; i >= at; i -= 2) {
    const hundredth = (rest / 100) | 0;
    const pair = 2 * (rest - 100 * hundredth);
    bytes[i] = PAIRS[pair];
    bytes[i + 1] = PAIRS[pair + 1];
    rest = hundredth;
  }
  if (i === at - 1) bytes[at] = PAIRS[2 * (rest % 100) + 1];
}

function writeText(text: string, bytes: Uint8Array, at: number): number {
  return at + encoder.encodeInto(text, bytes.subarray(at)).written;
}
