/** Another spelling of `<unk>` in ARPA files, which is read as `<unk>`, as KenLM does. */
export const UPPERCASE_UNK = '<UNK>';

/** Computed numbers are rounded to eight decimals: the error is below 1e-8. */
const DIGITS = 1e8;
/** The longest number in a file, in bytes. */
export const NUMBER_BYTES = 25;

/** A number rounded as in an ARPA file. */
export function rounded(value: number): number {
  return Math.round(value * DIGITS) / DIGITS;
}

/** Writes the shortest decimal that is read back as the same number. @returns the offset behind it. */
export function writeNumber(bytes: Uint8Array, at: number, value: number): number {
  if (value === -Infinity) return writeAscii(bytes, at, '-inf');
  const size = Math.abs(value);
  const whole = Math.round(size * DIGITS);
  if (size >= 10 || whole / DIGITS !== size) return writeAscii(bytes, at, String(value));
  // The fast path for nearly all numbers: one digit, a point, and up to eight digits.
  if (value < 0) bytes[at++] = MINUS;
  bytes[at++] = ZERO + Math.floor(whole / DIGITS);
  let rest = whole % DIGITS;
  if (rest > 0) bytes[at++] = POINT;
  for (let unit = DIGITS / 10; rest > 0; unit /= 10) {
    const digit = Math.floor(rest / unit);
    bytes[at++] = ZERO + digit;
    rest -= digit * unit;
  }
  return at;
}

const MINUS = 0x2d;
const POINT = 0x2e;
const ZERO = 0x30;

/** Writes ASCII text. @returns the offset behind it. */
export function writeAscii(bytes: Uint8Array, at: number, text: string): number {
  for (let i = 0; i < text.length; i++) bytes[at++] = text.charCodeAt(i);
  return at;
}
