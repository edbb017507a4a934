import { refuse } from './refuse.js';

/** Set in a unit that holds the place of a replacement string instead of a label. */
const IS_VALUE = 0x80000000;

/** SentencePiece considers at most this many rules at one place of a text, the shortest first. */
const MOST_RULES = 32;

/**
 * SentencePiece's normalization rules (`precompiled_charsmap`). A rule replaces a string by another. The strings to replace are in
 * a double-array trie (Darts-clone) over UTF-8; their replacements follow it.
 *
 *     uint32 little-endian: bytes of the trie | the trie: uint32 [units] | strings, each ended by NUL
 *     unit:  bits 0-7 label, 8 has a value, 9 offset is times 256, 10-30 offset, 31 is a value
 */
export class Charsmap {
  /** How many UTF-16 units of the text the rule replaces that `longest` found last. */
  matched = 0;
  /** Results of `shortest` by text: grapheme clusters are short, and there are few. */
  private readonly known = new Map<string, string | undefined>();
  private readonly stringsAt = new Map<number, string>();

  private constructor(
    private readonly units: Uint32Array,
    private readonly strings: Uint8Array,
    private readonly path: string,
  ) {}

  /** @param path names the field in messages. @throws KNESER_TOKENIZER */
  static read(bytes: Uint8Array, path: string): Charsmap {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const trieBytes = bytes.length < 4 ? Infinity : view.getUint32(0, true);
    if (trieBytes < 4 || 4 + trieBytes > bytes.length) refuse(`${path}: is cut short`);
    // A loop takes 0.06 ms for 65,535 units, Uint32Array.from with a function 3 ms.
    const units = new Uint32Array(trieBytes >> 2);
    for (let i = 0; i < units.length; i++) units[i] = view.getUint32(4 + i * 4, true);
    const strings = bytes.subarray(4 + units.length * 4);
    try {
      new TextDecoder('utf-8', { fatal: true }).decode(strings);
    } catch {
      refuse(`${path}: its strings are not UTF-8`);
    }
    return new Charsmap(units, strings, path);
  }

  /** The replacement of the shortest prefix of a text that has a rule; `undefined` if no prefix has one. */
  shortest(text: string): string | undefined {
    if (this.known.has(text)) return this.known.get(text);
    const found = this.find(text, 0, true);
    if (this.known.size > 1 << 16) this.known.clear();
    this.known.set(text, found);
    return found;
  }

  /** The replacement by the longest rule that matches at `at`; `matched` then holds the length of the text that it replaces. */
  longest(text: string, at: number): string | undefined {
    return this.find(text, at, false);
  }

  private find(text: string, from: number, isShortest: boolean): string | undefined {
    let found = -1;
    let rules = 0;
    let position = offsetOf(this.unit(0));
    for (let at = from, next = 0; at < text.length; at = next) {
      const unit = text.charCodeAt(at);
      const isPair = (unit & 0xfc00) === 0xd800;
      next = at + (isPair ? 2 : 1);
      const point = isPair ? (text.codePointAt(at) ?? 0) : unit;
      // The bytes of the code point's UTF-8, the last one first.
      let bytes = 1;
      let rest = point;
      if (point >= 0x80) {
        bytes = point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
        rest = UTF8_HEAD[bytes] | (point >> (6 * (bytes - 1)));
      }
      if (rest === 0) break;
      for (let i = bytes - 1; ; i--) {
        position = this.step(position, rest);
        if (position < 0) break;
        if (this.hasValue) {
          const value = this.unit(position) & ~IS_VALUE;
          if (rules++ < MOST_RULES) {
            found = value;
            this.matched = next - from;
          }
          if (isShortest) return this.stringAt(found);
          if (i > 0) refuse(`${this.path}: has a rule that ends within a character`);
        }
        if (i === 0) break;
        rest = 0x80 | ((point >> (6 * (i - 1))) & 0x3f);
      }
      if (position < 0) break;
    }
    return found < 0 ? undefined : this.stringAt(found);
  }

  /** Whether a rule ends at the node that the last `step` reached; its value is at the node's position. */
  private hasValue = false;

  /** The child of the trie node at `position` for a byte; -1 if it has none. */
  private step(position: number, byte: number): number {
    position ^= byte;
    const unit = this.unit(position);
    if (((unit & 0xff) | (unit & IS_VALUE)) !== byte) return -1;
    this.hasValue = (unit & 0x100) !== 0;
    return position ^ offsetOf(unit);
  }

  private unit(position: number): number {
    if (position >>> 0 >= this.units.length) refuse(`${this.path}: leads out of its trie`);
    return this.units[position];
  }

  private stringAt(from: number): string {
    const known = this.stringsAt.get(from);
    if (known !== undefined) return known;
    if (from > this.strings.length) refuse(`${this.path}: leads out of its strings`);
    if ((this.strings[from] & 0xc0) === 0x80) refuse(`${this.path}: leads into the middle of a character`);
    const end = this.strings.indexOf(0, from);
    const text = decoder.decode(this.strings.subarray(from, end < 0 ? undefined : end));
    this.stringsAt.set(from, text);
    return text;
  }
}

const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** The high bits of the first UTF-8 byte of a code point, by its length in bytes (0 to 4). */
const UTF8_HEAD = [0, 0, 0xc0, 0xe0, 0xf0];

function offsetOf(unit: number): number {
  return (unit >>> 10) << ((unit & 0x200) >>> 6);
}
