import { decode } from './surface.js';
import { fixedToken, nameSeparators, separate, SEPARATOR_TOKENS, type FixedToken } from './names.js';
import { byteOf, byteToken } from './subwords/model.js';
import { Tokenizer, type TokenSink } from './tokenizer.js';
import { HASH_PRIME, HASH_START } from './word-list.js';

/** Cuts the text of a sentence into tokens, and joins tokens to a text. */
export interface Splitter {
  /** Gives the tokens of a text, which is valid UTF-8, to a sink. The sink's `line` is not called. */
  readonly split: (text: Uint8Array, sink: TokenSink) => void;
  /** Whether a text can be cut between any two code points without a change of its tokens. */
  readonly local: boolean;
  /** The text of tokens: the inverse of `split`, as far as tokens tell. */
  readonly join: (tokens: readonly string[]) => string;
  /** Whether `join` puts spaces between tokens that are part of no token. */
  readonly isSpaced: boolean;
  /** Frees the tokens that were remembered from earlier texts. */
  readonly forget?: () => void;
}

/** Cuts a text at white space, line feeds included. */
export const whitespace: Splitter = {
  split(text, sink) {
    const tokenizer = new Tokenizer({ token: (bytes, from, to, hash) => sink.token(bytes, from, to, hash), line() {} });
    tokenizer.feed(text);
    tokenizer.end();
  },
  local: false,
  join: tokens => tokens.join(' '),
  isSpaced: true,
};

/** Makes each code point a token; names separators as in `names.ts`. */
export const characters: Splitter = {
  split(text, sink) {
    const { length } = text;
    for (let at = 0; at < length;) {
      const first = text[at];
      const separator = SEPARATOR_TOKENS[first];
      if (separator) {
        sink.token(separator.bytes, 0, separator.bytes.length, separator.hash);
        at++;
        continue;
      }
      const start = at;
      let hash = Math.imul(HASH_START ^ first, HASH_PRIME);
      while (++at < length && (text[at] & 0xc0) === 0x80) hash = Math.imul(hash ^ text[at], HASH_PRIME);
      sink.token(text, start, at, hash);
    }
  },
  local: true,
  join: tokens => separate(tokens.join('')),
  isSpaced: false,
};

/** The token of each byte: `<0x00>` to `<0xFF>`, as SentencePiece writes them. */
const BYTE_TOKENS = Array.from({ length: 256 }, (_, byte) => fixedToken(byteToken(byte)));

/** Makes each byte of the text's UTF-8 a token. */
export const bytes: Splitter = {
  split(text, sink) {
    for (const byte of text) {
      const token = BYTE_TOKENS[byte];
      sink.token(token.bytes, 0, token.bytes.length, token.hash);
    }
  },
  local: true,
  join: tokens => decode(Uint8Array.from(tokens.map(byteOf).filter(byte => byte >= 0))),
  isSpaced: false,
};

const encoder = new TextEncoder();
/**
 * The most UTF-16 units that the segmenter gets at once, unless all are ASCII: its time grows with the square of the length of a
 * text that is not ASCII.
 */
const LONG = 4096;

/** The parts in which the segmenter gets a stretch (the text between two spaces): the whole stretch unless it is long. */
function partsOf(stretch: string): readonly string[] {
  return stretch.length <= LONG || /^[\0-\x7f]*$/.test(stretch) ? [stretch] : cutAt(stretch, LONG);
}

/** Cuts a text into parts of `length` UTF-16 units; a part is one unit longer where it would end inside a surrogate pair. */
function cutAt(text: string, length: number): string[] {
  const parts: string[] = [];
  for (let from = 0, to; from < text.length; from = to) {
    to = from + length;
    if ((text.charCodeAt(to) & 0xfc00) === 0xdc00) to++;
    parts.push(text.slice(from, to));
  }
  return parts;
}

/** The longest stretch between two spaces whose tokens are remembered, in UTF-16 units, and the most such stretches. */
const SHORT = 32;
const MOST_REMEMBERED = 1 << 16;
/** Remembered tokens share buffers of this size, in bytes. */
const ARENA_BYTES = 1 << 18;

/**
 * Makes each word, number and punctuation mark a token, by Unicode's rules (UAX 29) and the language's dictionary; leaves white
 * space out. No word contains a space, so each stretch between spaces is cut by itself and its tokens are remembered. This is ten
 * times as fast, because most stretches occur again.
 */
export function words(locale: string): Splitter {
  const segmenter = new Intl.Segmenter(locale, { granularity: 'word' });
  const remembered = new Map<string, readonly FixedToken[]>();
  let arena = new Uint8Array(0);
  let used = 0;
  /** Copies a token into the shared buffer. */
  const inArena = ({ bytes, hash }: FixedToken): FixedToken => {
    if (used + bytes.length > arena.length) {
      arena = new Uint8Array(ARENA_BYTES);
      used = 0;
    }
    arena.set(bytes, used);
    return { bytes: arena.subarray(used, (used += bytes.length)), hash };
  };
  const cut = (stretch: string): FixedToken[] => {
    const tokens: FixedToken[] = [];
    for (const part of partsOf(stretch)) {
      for (const { segment } of segmenter.segment(part)) {
        if (/\S/.test(segment)) tokens.push(fixedToken(nameSeparators(segment)));
      }
    }
    return tokens;
  };
  return {
    split(text, sink) {
      const whole = decode(text);
      for (let from = 0, to = 0; to < whole.length; from = to + 1) {
        to = whole.indexOf(' ', from);
        if (to < 0) to = whole.length;
        if (to === from) continue;
        const stretch = whole.slice(from, to);
        let tokens = remembered.get(stretch);
        if (!tokens) {
          tokens = cut(stretch);
          if (remembered.size >= MOST_REMEMBERED) remembered.clear();
          // The key is a copy, because a part of a string may keep the whole string in memory (V8).
          if (stretch.length <= SHORT) remembered.set(decode(encoder.encode(stretch)), tokens.map(inArena));
        }
        for (const { bytes, hash } of tokens) sink.token(bytes, 0, bytes.length, hash);
      }
    },
    local: false,
    join: tokens => tokens.join(' '),
    isSpaced: true,
    forget: () => remembered.clear(),
  };
}
