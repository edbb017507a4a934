const MINUS = 0x2d;
const PLUS = 0x2b;
const POINT = 0x2e;
const ZERO = 0x30;
const E = 0x65;

/** The longest text that is read as a number, in bytes. */
const MOST_BYTES = 400;
/** An integer of at most 15 decimal digits is exact as a double. */
const EXACT_DIGITS = 15;
/** The powers of ten that are exact. */
const POWERS = Float64Array.from({ length: 23 }, (_, digits) => Number(`1e${digits}`));

/**
 * Reads the number in `bytes[from, to)`, a decimal with or without an exponent, as `Number` would; −∞ for `-inf`, NaN for text
 * that is no number.
 */
export function parseNumber(bytes: Uint8Array, from: number, to: number): number {
  if (to - from > MOST_BYTES) return NaN;
  let at = from;
  const negative = bytes[at] === MINUS;
  if (negative || bytes[at] === PLUS) at++;
  let whole = 0;
  let digits = 0;
  let behind = 0;
  let point = -1;
  const first = at;
  for (; at < to; at++) {
    const byte = bytes[at];
    if (byte === POINT && point < 0) {
      point = at;
      continue;
    }
    const digit = byte - ZERO;
    if (!(digit >= 0 && digit <= 9)) break;
    whole = 10 * whole + digit;
    if (whole > 0) digits++;
    if (point >= 0) behind++;
  }
  if (at === first || (at === first + 1 && point >= 0)) return isInfinity(bytes, from, to) ? -Infinity : NaN;
  if (at === to && digits <= EXACT_DIGITS && behind < POWERS.length) {
    // Both numbers are exact, so the quotient is rounded once: it is the double nearest to the decimal.
    const value = whole / POWERS[behind];
    return negative ? -value : value;
  }
  if (at < to && !isExponent(bytes, at, to)) return NaN;
  const value = Number(ascii(bytes, from, to));
  return Number.isFinite(value) ? value : NaN;
}

/** Whether the rest is an exponent, such as `e-05`. */
function isExponent(bytes: Uint8Array, from: number, to: number): boolean {
  let at = from;
  if ((bytes[at++] | 0x20) !== E) return false;
  if (bytes[at] === MINUS || bytes[at] === PLUS) at++;
  if (at >= to) return false;
  for (; at < to; at++) if (!(bytes[at] >= ZERO && bytes[at] <= ZERO + 9)) return false;
  return true;
}

function isInfinity(bytes: Uint8Array, from: number, to: number): boolean {
  return to - from <= 9 && /^-inf(inity)?$/i.test(ascii(bytes, from, to));
}

function ascii(bytes: Uint8Array, from: number, to: number): string {
  return String.fromCharCode(...bytes.subarray(from, to));
}
