import { HEAD_BYTES } from '../../base/file-kinds.js';
import { quoted } from '../../base/quoted.js';
import { KneserError } from '../../base/errors.js';

/**
 * Refuses bytes that are not UTF-8 text. The whole text is checked in stretches of {@link STRETCH_BYTES}; the first stretch
 * that exceeds the limits of one of these two cases is refused:
 *
 * - binary: at least 16 bytes, and more than 1 byte in 20, are control characters other than tab, line ends, VT, FF and ESC;
 * - not UTF-8: at least 16 invalid sequences, more than 1 in 2,000 bytes, and more than 1 in 10 of the sequences that are not
 *   ASCII. A text in Latin-1 exceeds all three limits; a text in UTF-8 with some damage does not.
 *
 * A text within these limits is accepted: its control characters are characters of words, and its reader replaces invalid
 * sequences by U+FFFD and counts them.
 */
export const STRETCH_BYTES = 1 << 16;
/** A stretch with fewer control characters, or fewer invalid sequences, is accepted whatever its length. */
const FEWEST_BAD = 16;
/** The most control characters in a stretch, as a share of its bytes. */
const MOST_CONTROLS = 1 / 20;
/** The most invalid sequences in a stretch, as a share of its bytes, and as a share of its non-ASCII sequences. */
const MOST_INVALID = 1 / 2000;
const MOST_INVALID_SEQUENCES = 1 / 10;

/** Fewer bytes than this are not enough to recognize UTF-16 or UTF-32 by NUL bytes. */
const FEWEST_WIDE_BYTES = 8;

/** 1 for each ASCII byte (128 entries) that is a control character other than tab, LF, VT, FF, CR and ESC (which begins terminal colours). */
const CONTROLS = Uint8Array.from({ length: 128 }, (_, byte) =>
  byte < 0x20 && !(byte >= 0x09 && byte <= 0x0d) && byte !== 0x1b ? 1 : 0,
);

/** Whether each of the four bytes of a 32-bit number is from 0x20 to 0x7f. */
function isPrintable(fourBytes: number): boolean {
  return ((fourBytes | (fourBytes - 0x20202020)) & 0x80808080) === 0;
}

/** Whether errors advise the options with which a caller reads documents, as its caller has these options, too. */
export interface Advised {
  /** Whether they do. Default true. */
  readonly advise?: boolean;
  /** The end of an error for a kind of file, given by its name, or for other bytes, in place of all other advice: a page has no commands. */
  readonly help?: (kind?: string) => string;
}

/** Checks a text while it is read: call `add` with its bytes, piece by piece, in order. */
export class TextCheck {
  /** Counts of the current stretch: bytes, control characters, non-ASCII sequences, and the invalid ones among these sequences. */
  private length = 0;
  private controls = 0;
  private sequences = 0;
  private invalid = 0;
  /** How many continuation bytes the UTF-8 sequence at the end of the last piece lacks, and the range of the next of them. */
  private lacking = 0;
  private low = 0x80;
  private high = 0xbf;
  /** The offset of the current stretch in the text, in bytes. */
  private position = 0;

  /** @param path the name of the text in messages. */
  constructor(
    private readonly path: string,
    private readonly options: Advised = {},
  ) {}

  /** Takes the next piece of the text. @throws KNESER_INPUT_UNREADABLE for bytes that are not UTF-8 text. */
  add(bytes: Uint8Array): void {
    for (let from = 0; from < bytes.length;) {
      const to = Math.min(bytes.length, from + STRETCH_BYTES - this.length);
      this.count(bytes, from, to);
      this.length += to - from;
      this.refuseBeyondLimits(bytes.subarray(from, to));
      if (this.length === STRETCH_BYTES) this.beginStretch();
      from = to;
    }
  }

  /** Adds the figures of `bytes[from, to)` to the counts. Bytes from 0x20 to 0x7f need no count and are skipped four at a time. */
  private count(bytes: Uint8Array, from: number, to: number): void {
    let { lacking, low, high, controls, sequences, invalid } = this;
    const shift = bytes.byteOffset & 3;
    const fours = new Uint32Array(bytes.buffer, bytes.byteOffset - shift, (shift + to) >>> 2);
    for (let i = from; i < to; i++) {
      const byte = bytes[i];
      if (lacking === 0) {
        if (byte < 0x80) {
          controls += CONTROLS[byte];
          if (((i + 1 + shift) & 3) !== 0) continue;
          let four = (i + 1 + shift) >>> 2;
          while (four < fours.length && isPrintable(fours[four])) four++;
          i = 4 * four - shift - 1;
          continue;
        }
        sequences++;
        if (byte >= 0xc2 && byte <= 0xdf) {
          lacking = 1;
        } else if (byte >= 0xe0 && byte <= 0xef) {
          lacking = 2;
          if (byte === 0xe0) low = 0xa0;
          else if (byte === 0xed) high = 0x9f;
        } else if (byte >= 0xf0 && byte <= 0xf4) {
          lacking = 3;
          if (byte === 0xf0) low = 0x90;
          else if (byte === 0xf4) high = 0x8f;
        } else {
          invalid++;
        }
        continue;
      }
      if (byte >= low && byte <= high) {
        lacking--;
      } else {
        // The sequence is cut short; this byte begins the next one.
        invalid++;
        lacking = 0;
        i--;
      }
      low = 0x80;
      high = 0xbf;
    }
    Object.assign(this, { lacking, low, high, controls, sequences, invalid });
  }

  /** @param bytes the part of the stretch that `add` took last; an error guesses the encoding from it. */
  private refuseBeyondLimits(bytes: Uint8Array): void {
    const { length, controls, sequences, invalid } = this;
    const hasManyControls = controls > MOST_CONTROLS * length;
    const isUtf8 =
      invalid < FEWEST_BAD || invalid <= MOST_INVALID * length || invalid <= MOST_INVALID_SEQUENCES * sequences;
    if (isUtf8 && !(hasManyControls && controls >= FEWEST_BAD)) return;
    const wide = wideEncodingOf(bytes) ?? utf16Of(bytes);
    if (wide) throw wrongEncoding(this.path, wide, this.options);
    const where = `in the ${withCommas(length)} bytes that start at byte ${withCommas(this.position + 1)}`;
    throw hasManyControls
      ? refusal(
          this.path,
          `is binary, not text (${withCommas(controls)} control characters ${where})`,
          '',
          this.options,
        )
      : notUtf8(this.path, bytes, `${withCommas(invalid)} invalid sequences ${where}`, this.options);
  }

  private beginStretch(): void {
    this.position += this.length;
    this.length = this.controls = this.sequences = this.invalid = 0;
  }
}

/** Refuses UTF-16 and UTF-32 by the first bytes of a text. @throws KNESER_INPUT_UNREADABLE */
export function refuseWide(path: string, head: Uint8Array, options: Advised): void {
  const encoding = byteOrderMark(head) ?? wideEncodingOf(head.subarray(0, HEAD_BYTES));
  if (encoding !== undefined) throw wrongEncoding(path, encoding, options);
}

/** The encoding that a byte-order mark names, without the byte order: `iconv -f UTF-16` finds the order by the mark itself. */
function byteOrderMark([a, b, c, d]: Uint8Array): string | undefined {
  if ((a === 0xff && b === 0xfe && c === 0 && d === 0) || (a === 0 && b === 0 && c === 0xfe && d === 0xff)) {
    return 'UTF-32';
  }
  return (a === 0xff && b === 0xfe) || (a === 0xfe && b === 0xff) ? 'UTF-16' : undefined;
}

/**
 * Recognizes UTF-32, and UTF-16 of a script whose letters are mostly below U+0100, without a byte-order mark:
 *
 *     UTF-16LE   t 00 h 00 e 00      NUL at odd offsets
 *     UTF-16BE   00 t 00 h 00 e      NUL at even offsets
 */
function wideEncodingOf(bytes: Uint8Array): string | undefined {
  if (bytes.length < FEWEST_WIDE_BYTES) return undefined;
  const whole = bytes.subarray(0, bytes.length & ~3);
  if (isUtf32(whole, true)) return 'UTF-32LE';
  if (isUtf32(whole, false)) return 'UTF-32BE';
  const nulls = [0, 0];
  for (let i = 0; i < bytes.length; i++) if (bytes[i] === 0) nulls[i & 1]++;
  const leastShare = bytes.length < 64 ? 1 : 0.4;
  const areHighBytes = (nullsHere: number, nullsBeside: number): boolean =>
    nullsHere >= leastShare * Math.floor(bytes.length / 2) && nullsBeside <= bytes.length / 100;
  if (areHighBytes(nulls[1], nulls[0])) return 'UTF-16LE';
  return areHighBytes(nulls[0], nulls[1]) ? 'UTF-16BE' : undefined;
}

/** Whether bytes are code points of 4 bytes each, none of them U+0000. */
function isUtf32(bytes: Uint8Array, littleEndian: boolean): boolean {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = 0; at < bytes.length; at += 4) {
    const code = view.getUint32(at, littleEndian);
    if (code === 0 || code > 0x10ffff) return false;
  }
  return true;
}

/**
 * Recognizes UTF-16 of any script in bytes that are not UTF-8: the high bytes of spaces and line ends are NUL, all of them at
 * even or all at odd offsets, and each code point is one that Unicode assigns.
 */
function utf16Of(bytes: Uint8Array): string | undefined {
  const even = bytes.subarray(0, bytes.length & ~1);
  const hasNull = [0, 1].map(parity => even.some((byte, i) => byte === 0 && (i & 1) === parity));
  if (hasNull[0] === hasNull[1]) return undefined;
  const encoding = hasNull[1] ? 'utf-16le' : 'utf-16be';
  try {
    // `stream`: a surrogate pair that the end of the bytes cuts is no error.
    const text = new TextDecoder(encoding, { fatal: true }).decode(even, { stream: true });
    return /[\p{Cn}\p{Co}\p{Cs}]|(?![\t\n\v\f\r])\p{Cc}/u.test(text) ? undefined : encoding.toUpperCase();
  } catch {
    return undefined;
  }
}

/**
 * The shell command whose output `iconv` must convert: `gunzip -c FILE` or `zstd -dc FILE` for a file named `.gz` or `.zst`, `…`
 * for standard input, `undefined` for any other file, which `iconv` opens itself.
 */
function commandBeforeIconv(path: string): string | undefined {
  if (path === '-') return '…';
  const program = /\.gz$/i.test(path) ? 'gunzip -c' : /\.zst$/i.test(path) ? 'zstd -dc' : undefined;
  return program && `${program} ${quoted(path)}`;
}

/** The shell command that converts a file to UTF-8: `iconv -f FROM -t UTF-8 FILE > text.utf8.txt`, or the same after a pipe. */
export function conversion(path: string, from: string): string {
  const iconv = `iconv -f ${from} -t UTF-8`;
  const before = commandBeforeIconv(path);
  return before === undefined ? `${iconv} ${quoted(path)} > text.utf8.txt` : `${before} | ${iconv} > text.utf8.txt`;
}

function wrongEncoding(path: string, encoding: string, options: Advised): KneserError {
  return refusal(path, `is text in ${encoding}, not UTF-8`, `; convert it: ${conversion(path, encoding)}`, options);
}

function notUtf8(path: string, bytes: Uint8Array, found: string, options: Advised): KneserError {
  // In Latin-1 only accented letters are non-ASCII bytes, so that they are rare; in encodings of other scripts all letters are.
  const high = bytes.reduce((count, byte) => count + (byte >= 0x80 ? 1 : 0), 0);
  const isLatin = high < bytes.length / 4;
  const help = isLatin
    ? `; if it is Latin-1, convert it: ${conversion(path, 'ISO-8859-1')}`
    : `; convert it from its encoding, such as WINDOWS-1251, SHIFT_JIS or GB18030: ${conversion(path, 'ENCODING')}`;
  return refusal(path, `is not UTF-8 (${found})`, help, options);
}

/**
 * The error for an input whose bytes are not UTF-8 text.
 *
 * @param remedy what a caller with a shell can do: empty, or it begins with a mark.
 * @param kind the name of its kind of file, if it is known.
 */
export function refusal(
  path: string,
  reason: string,
  remedy: string,
  { advise = true, help }: Advised,
  kind?: string,
): KneserError {
  const option = advise ? '. To read its bytes as text all the same, pass --any-bytes (anyBytes: true)' : '';
  const end = help ? `; ${help(kind)}` : remedy + option;
  return new KneserError('KNESER_INPUT_UNREADABLE', `${path}: ${reason}${end}`);
}

function withCommas(value: number): string {
  return value.toLocaleString('en-US');
}
