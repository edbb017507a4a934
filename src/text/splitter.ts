import { decode } from './surface.js';
import { fixedToken, nameSeparators, SEPARATOR_TOKENS, type FixedToken } from './names.js';
import { Tokenizer, type TokenSink } from './tokenizer.js';
import { HASH_PRIME, HASH_START } from './word-list.js';

/** Cuts the text of a sentence into tokens. */
export interface Splitter {
  /** Gives the tokens of a text, which is valid UTF-8, to a sink. The sink's `line` is not called. */
  readonly split: (text: Uint8Array, sink: TokenSink) => void;
  /** Whether a text can be cut between any two code points without a change of its tokens. */
  readonly local: boolean;
  /** Frees the remembered tokens of earlier text. */
  readonly forget?: () => void;
}

/** Tokens separated by white space, a line feed included. */
export const whitespace: Splitter = {
  split(text, sink) {
    const tokenizer = new Tokenizer({ token: (bytes, from, to, hash) => sink.token(bytes, from, to, hash), line() {} });
    tokenizer.feed(text);
    tokenizer.end();
  },
  local: false,
};

/** Every code point is a token; separators are named as `names.ts` says. */
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
};

/** The names of the bytes: `<0x00>` to `<0xFF>`, as SentencePiece writes them. */
const BYTE_TOKENS = Array.from({ length: 256 }, (_, byte) =>
  fixedToken(`<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`),
);

/** Every byte of the text's UTF-8 is a token. */
export const bytes: Splitter = {
  split(text, sink) {
    for (const byte of text) {
      const token = BYTE_TOKENS[byte];
      sink.token(token.bytes, 0, token.bytes.length, token.hash);
    }
  },
  local: true,
};

const encoder = new TextEncoder();
/** How many code units the segmenter gets at a time: its time grows with the square of the length of a stretch that is not ASCII. */
const LONG = 4096;

/** A stretch, cut into parts if it is very long. */
function partsOf(stretch: string): readonly string[] {
  return stretch.length <= LONG || /^[\0-\x7f]*$/.test(stretch) ? [stretch] : cutAt(stretch, LONG);
}

/** Cuts a text into parts of `length` code units; a part is one unit longer where it would end inside a surrogate pair. */
function cutAt(text: string, length: number): string[] {
  const parts: string[] = [];
  for (let from = 0, to; from < text.length; from = to) {
    to = from + length;
    if ((text.charCodeAt(to) & 0xfc00) === 0xdc00) to++;
    parts.push(text.slice(from, to));
  }
  return parts;
}

/** The tokens of stretches between two spaces are remembered, for at most `REMEMBERED` stretches of up to `SHORT` code units. */
const SHORT = 32;
const REMEMBERED = 1 << 16;
/** The bytes of remembered tokens lie together in pieces of this size. */
const ARENA_BYTES = 1 << 18;

/**
 * Words, numbers and punctuation marks by Unicode's rules (UAX 29) and the language's dictionary, without white space. No
 * word contains a space, so each stretch between spaces is cut by itself and its tokens are remembered, which is ten times as
 * fast: most stretches occur again.
 */
export function words(locale: string): Splitter {
  const segmenter = new Intl.Segmenter(locale, { granularity: 'word' });
  const remembered = new Map<string, readonly FixedToken[]>();
  let arena = new Uint8Array(0);
  let used = 0;
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
          if (remembered.size >= REMEMBERED) remembered.clear();
          // A copy: V8 may keep the whole text in memory for the sake of a part of it.
          if (stretch.length <= SHORT) remembered.set(decode(encoder.encode(stretch)), tokens.map(inArena));
        }
        for (const { bytes, hash } of tokens) sink.token(bytes, 0, bytes.length, hash);
      }
    },
    local: false,
    forget: () => remembered.clear(),
  };
}
