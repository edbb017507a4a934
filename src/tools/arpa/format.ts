/** Another spelling of `<unk>` in ARPA files. The reader takes it for `<unk>`, as KenLM does. */
export const UPPERCASE_UNK = '<UNK>';

/** SRILM's number for log10 0 in ARPA files, such as log10 p of `<s>`, which is never predicted. */
export const LOG10_ZERO = -99;
/** Computed numbers are rounded to eight decimals, to multiples of 1 / SCALE. */
const SCALE = 1e8;
/** The longest number in a file, in bytes. */
export const NUMBER_BYTES = 25;

/** Rounds a computed number to the eight decimals that an ARPA file has. */
export function rounded(value: number): number {
  return Math.round(value * SCALE) / SCALE;
}

/** Writes the shortest decimal that `Number` reads as the same value, at offset `at`. @returns the offset after the decimal. */
export function writeNumber(bytes: Uint8Array, at: number, value: number): number {
  if (value === -Infinity) return writeAscii(bytes, at, '-inf');
  const size = Math.abs(value);
  const whole = Math.round(size * SCALE);
  if (size >= 10 || whole / SCALE !== size) return writeAscii(bytes, at, String(value));
  // Nearly all numbers have one digit, a point, and up to eight digits: faster than `String`.
  if (value < 0) bytes[at++] = MINUS;
  bytes[at++] = ZERO + Math.floor(whole / SCALE);
  let rest = whole % SCALE;
  if (rest > 0) bytes[at++] = POINT;
  for (let unit = SCALE / 10; rest > 0; unit /= 10) {
    const digit = Math.floor(rest / unit);
    bytes[at++] = ZERO + digit;
    rest -= digit * unit;
  }
  return at;
}

const MINUS = 0x2d;
const POINT = 0x2e;
const ZERO = 0x30;

/** Writes ASCII text at offset `at`. @returns the offset after the text. */
export function writeAscii(bytes: Uint8Array, at: number, text: string): number {
  for (let i = 0; i < text.length; i++) bytes[at++] = text.charCodeAt(i);
  return at;
}
