import { refuse } from './refuse.js';

/** Bit 31 of a trie unit: the unit holds the offset of a replacement string, not a node. */
const IS_VALUE = 0x80000000;

/** SentencePiece considers at most this many of the rules that match at one place of a text: the shortest ones. */
const MOST_RULES = 32;

/**
 * SentencePiece's normalization rules (`precompiled_charsmap`). A rule replaces one string by another. The strings to replace are in
 * a double-array trie (Darts-clone) of their UTF-8 bytes; the replacements follow the trie.
 *
 *     length of the trie [bytes], uint32 little-endian | trie: uint32 [units] | replacements, each ended by NUL
 *     node:   bits 0-7 its byte, 8: a rule ends here, 9: the offset is times 256, 10-30 offset to its children
 *     value:  bits 0-30 the offset of a replacement [bytes], 31: 1
 */
export class Charsmap {
  /** The length of the string that the last rule found by `longest` replaces, in UTF-16 units. */
  matched = 0;
  /** Results of `shortest` by text. */
  private readonly shortestOf = new Map<string, string | undefined>();
  /** Replacements by their offset. */
  private readonly replacements = new Map<number, string>();

  private constructor(
    private readonly units: Uint32Array,
    private readonly strings: Uint8Array,
    private readonly path: string,
  ) {}

  /** @param path the path of the field, for messages. @throws KNESER_TOKENIZER */
  static read(bytes: Uint8Array, path: string): Charsmap {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const trieBytes = bytes.length < 4 ? Infinity : view.getUint32(0, true);
    if (trieBytes < 4 || 4 + trieBytes > bytes.length) refuse(`${path}: is cut short`);
    // A loop takes 0.06 ms for 65,535 units; Uint32Array.from with a function takes 3 ms.
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
    if (this.shortestOf.has(text)) return this.shortestOf.get(text);
    const found = this.find(text, 0, true);
    if (this.shortestOf.size > 1 << 16) this.shortestOf.clear();
    this.shortestOf.set(text, found);
    return found;
  }

  /** The replacement of the longest string at `at` that has a rule, and sets `matched`; `undefined` if no string there has one. */
  longest(text: string, at: number): string | undefined {
    return this.find(text, at, false);
  }

  /** The replacement of the shortest or longest string at `from` that has a rule. */
  private find(text: string, from: number, isShortest: boolean): string | undefined {
    let found = -1;
    let rules = 0;
    let node = offsetOf(this.unit(0));
    for (let at = from, next = 0; at < text.length; at = next) {
      const codeUnit = text.charCodeAt(at);
      const isPair = (codeUnit & 0xfc00) === 0xd800;
      next = at + (isPair ? 2 : 1);
      const point = isPair ? (text.codePointAt(at) ?? 0) : codeUnit;
      // The code point's UTF-8: its length, and the byte that comes next.
      let bytes = 1;
      let byte = point;
      if (point >= 0x80) {
        bytes = point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
        byte = UTF8_HEAD[bytes] | (point >> (6 * (bytes - 1)));
      }
      if (byte === 0) break;
      for (let i = bytes - 1; ; i--) {
        node = this.step(node, byte);
        if (node < 0) break;
        if (this.hasValue) {
          const value = this.unit(node) & ~IS_VALUE;
          if (rules++ < MOST_RULES) {
            found = value;
            this.matched = next - from;
          }
          if (isShortest) return this.replacementAt(found);
          if (i > 0) refuse(`${this.path}: has a rule that ends within a character`);
        }
        if (i === 0) break;
        byte = 0x80 | ((point >> (6 * (i - 1))) & 0x3f);
      }
      if (node < 0) break;
    }
    return found < 0 ? undefined : this.replacementAt(found);
  }

  /** Whether a rule ends at the node that the last `step` reached. */
  private hasValue = false;

  /**
   * The child of a node for a byte; -1 if it has none. A node is an index into `units`: the unit of its child for byte b is at
   * `node ^ b`, and the value of the rule that ends at the node, if any, is at `node` itself.
   */
  private step(node: number, byte: number): number {
    const position = node ^ byte;
    const unit = this.unit(position);
    if (((unit & 0xff) | (unit & IS_VALUE)) !== byte) return -1;
    this.hasValue = (unit & 0x100) !== 0;
    return position ^ offsetOf(unit);
  }

  /** @throws KNESER_TOKENIZER for a position outside the trie */
  private unit(position: number): number {
    if (position >>> 0 >= this.units.length) refuse(`${this.path}: leads out of its trie`);
    return this.units[position];
  }

  /** The replacement at an offset in `strings`, in bytes. */
  private replacementAt(from: number): string {
    const known = this.replacements.get(from);
    if (known !== undefined) return known;
    if (from > this.strings.length) refuse(`${this.path}: leads out of its strings`);
    if ((this.strings[from] & 0xc0) === 0x80) refuse(`${this.path}: leads into the middle of a character`);
    const end = this.strings.indexOf(0, from);
    const text = decoder.decode(this.strings.subarray(from, end < 0 ? undefined : end));
    this.replacements.set(from, text);
    return text;
  }
}

const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** The high bits of the first UTF-8 byte of a code point, by the length of its UTF-8 (0 to 4 bytes). */
const UTF8_HEAD = [0, 0, 0xc0, 0xe0, 0xf0];

/** The number to XOR with the index of a node's unit to get the node. */
function offsetOf(unit: number): number {
  return (unit >>> 10) << ((unit & 0x200) >>> 6);
}
