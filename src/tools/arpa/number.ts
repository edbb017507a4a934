const MINUS = 0x2d;
const PLUS = 0x2b;
const POINT = 0x2e;
const ZERO = 0x30;
const E = 0x65;

/** The longest text that can be a number [bytes]; a longer one is NaN. */
const MOST_BYTES = 400;
/** A double represents every integer of up to 15 decimal digits exactly. */
const EXACT_DIGITS = 15;
/** The powers of ten that a double represents exactly: 10^0 … 10^22. */
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
  // The digits read as an integer, without the point; the number of its digits; and how many of them stand behind the point.
  let whole = 0;
  let digits = 0;
  let decimals = 0;
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
    if (point >= 0) decimals++;
  }
  if (at === first || (at === first + 1 && point >= 0)) return isInfinity(bytes, from, to) ? -Infinity : NaN;
  if (at === to && digits <= EXACT_DIGITS && decimals < POWERS.length) {
    // Dividend and divisor are exact, so only the quotient is rounded: it is the double nearest to the decimal.
    const value = whole / POWERS[decimals];
    return negative ? -value : value;
  }
  if (at < to && !isExponent(bytes, at, to)) return NaN;
  const value = Number(ascii(bytes, from, to));
  return Number.isFinite(value) ? value : NaN;
}

/** Whether `bytes[from, to)` is an exponent, such as `e-05`. */
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
