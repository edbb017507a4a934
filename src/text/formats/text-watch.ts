import { HEAD_BYTES, quoted } from '../../base/file-kinds.js';
import { KneserError } from '../../base/errors.js';

/**
 * Tells text from other bytes. The whole text is checked in stretches of {@link STRETCH} bytes, and refused at the first
 * stretch that is
 *
 * - binary: more than 1 byte in 20, and at least 16, are control characters other than tab, line ends, VT, FF and ESC;
 * - not UTF-8: it has at least 16 invalid sequences, more than 1 in 2,000 bytes, and more than 1 in 10 of the sequences that
 *   are not ASCII. A text in Latin-1 exceeds all three limits; a text in UTF-8 with some damage does not.
 *
 * Below these limits control characters are characters of words, and invalid sequences are read as U+FFFD and counted by the
 * reader.
 */
export const STRETCH = 1 << 16;
const FEWEST = 16;
const MOST_CONTROLS = 1 / 20;
const MOST_INVALID = 1 / 2000;
const MOST_INVALID_SEQUENCES = 1 / 10;

/** How many first bytes are needed to recognize UTF-16 and UTF-32 by their NUL bytes. */
const SHORTEST_WIDE = 8;

/** By byte: 1 for a control character that text does not need: all but tab, LF, VT, FF, CR and ESC, which colours terminals. */
const CONTROLS = Uint8Array.from({ length: 128 }, (_, byte) =>
  byte < 0x20 && !(byte >= 0x09 && byte <= 0x0d) && byte !== 0x1b ? 1 : 0,
);

/** Whether each of four bytes is from 0x20 to 0x7f. */
function isPrintable(word: number): boolean {
  return ((word | (word - 0x20202020)) & 0x80808080) === 0;
}

/** Watches a text as it passes. Input: its bytes, piece by piece, in order. */
export class TextWatch {
  /** Counts of the stretch so far: bytes, control characters, sequences that are not ASCII, and invalid ones among these. */
  private length = 0;
  private controls = 0;
  private sequences = 0;
  private invalid = 0;
  /** The UTF-8 sequence at the end of the last piece: how many continuation bytes it lacks, and the range of the next one. */
  private lacking = 0;
  private low = 0x80;
  private high = 0xbf;
  /** Bytes of the text before the stretch. */
  private position = 0;

  constructor(private readonly path: string) {}

  /** Takes the next piece of the text. @throws KNESER_INPUT_UNREADABLE for bytes that are not UTF-8 text. */
  check(bytes: Uint8Array): void {
    for (let from = 0; from < bytes.length;) {
      const to = Math.min(bytes.length, from + STRETCH - this.length);
      this.count(bytes, from, to);
      this.length += to - from;
      this.judge(bytes.subarray(from, to));
      if (this.length === STRETCH) this.begin();
      from = to;
    }
  }

  /** Counts in one pass over the bytes: four at a time where they are ASCII without control characters. */
  private count(bytes: Uint8Array, from: number, to: number): void {
    let { lacking, low, high, controls, sequences, invalid } = this;
    const shift = bytes.byteOffset & 3;
    const words = new Uint32Array(bytes.buffer, bytes.byteOffset - shift, (shift + to) >>> 2);
    for (let i = from; i < to; i++) {
      const byte = bytes[i];
      if (lacking === 0) {
        if (byte < 0x80) {
          controls += CONTROLS[byte];
          if (((i + 1 + shift) & 3) !== 0) continue;
          let word = (i + 1 + shift) >>> 2;
          while (word < words.length && isPrintable(words[word])) word++;
          i = 4 * word - shift - 1;
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

  private judge(bytes: Uint8Array): void {
    const { length, controls, sequences, invalid } = this;
    const isBinary = controls > MOST_CONTROLS * length;
    const isEncoded = !(
      invalid >= FEWEST &&
      invalid > MOST_INVALID * length &&
      invalid > MOST_INVALID_SEQUENCES * sequences
    );
    if (isEncoded && !(isBinary && controls >= FEWEST)) return;
    const wide = wideEncodingOf(bytes) ?? utf16Of(bytes);
    if (wide) throw wrongEncoding(this.path, wide);
    const where = `of ${number(length)} bytes from byte ${number(this.position + 1)} on`;
    throw isBinary
      ? refusal(this.path, `is binary, not text (${number(controls)} control characters ${where})`)
      : notUtf8(this.path, bytes, `${number(invalid)} invalid sequences ${where}`);
  }

  private begin(): void {
    this.position += this.length;
    this.length = this.controls = this.sequences = this.invalid = 0;
  }
}

/** Refuses UTF-16 and UTF-32 by the first bytes of a text. @throws KNESER_INPUT_UNREADABLE */
export function refuseWide(path: string, head: Uint8Array): void {
  const encoding = byteOrderMark(head) ?? wideEncodingOf(head.subarray(0, HEAD_BYTES));
  if (encoding !== undefined) throw wrongEncoding(path, encoding);
}

/** The encoding that a byte-order mark names. `UTF-16` and `UTF-32` stand for either order, as `iconv` takes them. */
function byteOrderMark([a, b, c, d]: Uint8Array): string | undefined {
  if ((a === 0xff && b === 0xfe && c === 0 && d === 0) || (a === 0 && b === 0 && c === 0xfe && d === 0xff)) {
    return 'UTF-32';
  }
  return (a === 0xff && b === 0xfe) || (a === 0xfe && b === 0xff) ? 'UTF-16' : undefined;
}

/**
 * Recognizes UTF-32, and UTF-16 of a script whose letters are mostly below U+0100, without a byte-order mark:
 *
 *     UTF-16LE   t 00 h 00 e 00      NUL at odd places
 *     UTF-16BE   00 t 00 h 00 e      NUL at even places
 */
function wideEncodingOf(bytes: Uint8Array): string | undefined {
  if (bytes.length < SHORTEST_WIDE) return undefined;
  const whole = bytes.subarray(0, bytes.length & ~3);
  if (isUtf32(whole, true)) return 'UTF-32LE';
  if (isUtf32(whole, false)) return 'UTF-32BE';
  const nulls = [0, 0];
  for (let i = 0; i < bytes.length; i++) if (bytes[i] === 0) nulls[i & 1]++;
  const most = bytes.length < 64 ? 1 : 0.4;
  const isSide = (many: number, few: number): boolean =>
    many >= most * Math.floor(bytes.length / 2) && few <= bytes.length / 100;
  if (isSide(nulls[1], nulls[0])) return 'UTF-16LE';
  return isSide(nulls[0], nulls[1]) ? 'UTF-16BE' : undefined;
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

/** Recognizes UTF-16 of any script among bytes that are not UTF-8: spaces and line ends give NUL, and all letters are assigned. */
function utf16Of(bytes: Uint8Array): string | undefined {
  const even = bytes.subarray(0, bytes.length & ~1);
  const sides = [0, 1].map(side => even.some((byte, i) => byte === 0 && (i & 1) === side));
  if (sides[0] === sides[1]) return undefined;
  const encoding = sides[1] ? 'utf-16le' : 'utf-16be';
  try {
    // A surrogate pair may be cut at the end of the stretch.
    const text = new TextDecoder(encoding, { fatal: true }).decode(even, { stream: true });
    return /[\p{Cn}\p{Co}\p{Cs}]|(?![\t\n\v\f\r])\p{Cc}/u.test(text) ? undefined : encoding.toUpperCase();
  } catch {
    return undefined;
  }
}

/** The shell command that prints an input; `gzip -dc` or `zstd -dc` if its name says that it is packed. */
function printed(path: string): string {
  if (path === '-') return '…';
  const program = /\.gz$/i.test(path) ? 'gunzip -c' : /\.zst$/i.test(path) ? 'zstd -dc' : undefined;
  return program ? `${program} ${quoted(path)}` : '';
}

/** `iconv -f FROM -t UTF-8 FILE > text.utf8.txt`, with the path of the file in it. */
export function conversion(path: string, from: string): string {
  const iconv = `iconv -f ${from} -t UTF-8`;
  const source = printed(path);
  return source === '' ? `${iconv} ${quoted(path)} > text.utf8.txt` : `${source} | ${iconv} > text.utf8.txt`;
}

function wrongEncoding(path: string, encoding: string): KneserError {
  return refusal(path, `is text in ${encoding}, not UTF-8; convert it: ${conversion(path, encoding)}`);
}

function notUtf8(path: string, bytes: Uint8Array, found: string): KneserError {
  // Latin letters with accents are rare among ASCII letters; letters of another script follow each other.
  const high = bytes.reduce((count, byte) => count + (byte >= 0x80 ? 1 : 0), 0);
  const isLatin = high < bytes.length / 4;
  const help = isLatin
    ? `if it is Latin-1, convert it: ${conversion(path, 'ISO-8859-1')}`
    : `convert it from its encoding, such as WINDOWS-1251, SHIFT_JIS or GB18030: ${conversion(path, 'ENCODING')}`;
  return refusal(path, `is not UTF-8 (${found}); ${help}`);
}

/**
 * The error for an input whose bytes are no text.
 *
 * @param isComplete whether the reason already says how to read the file all the same; if not, the error adds `--any-bytes`.
 */
export function refusal(path: string, reason: string, isComplete = false): KneserError {
  const help = isComplete ? '' : '. To read its bytes as text all the same, pass --any-bytes (anyBytes: true)';
  return new KneserError('KNESER_INPUT_UNREADABLE', `${path}: ${reason}${help}`);
}

function number(value: number): string {
  return value.toLocaleString('en-US');
}
