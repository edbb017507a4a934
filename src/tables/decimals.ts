import { readVarint, writeVarint } from '../base/varint.js';

/** Stands in place of the number of digits after the point if a number is stored as an IEEE 754 double instead of decimal digits. */
export const AS_DOUBLE = 15;
/** The digits without the point are a whole number below this limit, so that the number and a sign bit fit a 32-bit varint. */
const LIMIT = 0x8000_0000;
/** POWERS[digits] = 10^digits, exact in double precision. */
const POWERS = Float64Array.from({ length: AS_DOUBLE }, (_, digits) => Number(`1e${digits}`));

/** The result of the last {@link findDecimal}: the number of digits after the point, and the code of all digits. */
export const decimal = { digits: 0, code: 0 };

/**
 * Finds the decimal number that equals `value` exactly: `decimal.digits` gets the number of digits after the point, and `decimal.code` =
 * 2 · (digits without the point) + (1 if positive). Neighbouring numbers mostly have the same number of digits after the point, so the
 * search starts with the number of the last call, and lowers it if the digits end in 0.
 *
 * @returns whether such a decimal exists; if not, the next search starts with 0 digits.
 */
export function findDecimal(value: number): boolean {
  const size = Math.abs(value);
  let { digits } = decimal;
  let whole = Math.round(size * POWERS[digits]);
  while (digits > 0 && whole % 10 === 0 && whole / 10 / POWERS[digits - 1] === size)
    whole = Math.round(size * POWERS[--digits]);
  while (whole / POWERS[digits] !== size && whole < LIMIT && digits + 1 < AS_DOUBLE)
    whole = Math.round(size * POWERS[++digits]);
  const isDecimal = whole < LIMIT && whole / POWERS[digits] === size;
  decimal.digits = isDecimal ? digits : 0;
  decimal.code = 2 * whole + (value > 0 ? 1 : 0);
  return isDecimal;
}

/** The number of a decimal. */
export function numberOf(digits: number, code: number): number {
  const size = Math.floor(code / 2) / POWERS[digits];
  return code % 2 === 1 || size === 0 ? size : -size;
}

/** The most bytes that a number takes, with its half byte for the number of digits. */
export const DECIMAL_BYTES = 9;

/**
 * Writes each number as a decimal if a decimal equals it exactly, as for all numbers of up to nine digits in an ARPA file, else as a double.
 *
 * ```
 * ┌──────────────────────────┬─────────────────────────────────────────────────────┐
 * │ half a byte a number:    │ for each number a varint, 2 · (digits without the    │
 * │ digits after the point,  │ point) + (1 if positive); or, for 15, a double in    │
 * │ or 15                    │ 8 bytes, little-endian                               │
 * └──────────────────────────┴─────────────────────────────────────────────────────┘
 * ```
 *
 * @returns the offset after the last byte.
 */
export function writeDecimals(bytes: Uint8Array, at: number, values: Float64Array, length: number): number {
  const flags = at;
  at += (length + 1) >>> 1;
  bytes.fill(0, flags, at);
  decimal.digits = 0;
  for (let i = 0; i < length; i++) {
    const value = values[i];
    const isDecimal = findDecimal(value);
    bytes[flags + (i >>> 1)] |= (isDecimal ? decimal.digits : AS_DOUBLE) << ((i & 1) << 2);
    if (isDecimal) {
      at = writeVarint(bytes, at, decimal.code);
    } else {
      new DataView(bytes.buffer, bytes.byteOffset).setFloat64(at, value, true);
      at += 8;
    }
  }
  return at;
}

/** Reads numbers that {@link writeDecimals} wrote, and moves the cursor to the byte after them. Bytes past the end read as zeros. */
export function readDecimals(bytes: Uint8Array, cursor: { at: number }, to: Float64Array, length: number): void {
  const flags = cursor.at;
  cursor.at += (length + 1) >>> 1;
  for (let i = 0; i < length; i++) {
    const digits = (bytes[flags + (i >>> 1)] >>> ((i & 1) << 2)) & 15;
    if (digits < AS_DOUBLE) {
      to[i] = numberOf(digits, readVarint(bytes, cursor));
    } else {
      const isThere = cursor.at + 8 <= bytes.length;
      to[i] = isThere ? new DataView(bytes.buffer, bytes.byteOffset).getFloat64(cursor.at, true) : 0;
      cursor.at += 8;
    }
  }
}
