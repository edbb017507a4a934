import { KneserError, type ErrorCode } from '../base/errors.js';
import { createFeeder } from './feeder.js';
import type { PretrainedTokenizer } from './pretrained.js';
import { Tokenization, type TextChanges, type TokenizationInfo } from './tokenization.js';
import type { TextFeeder, TokenSink } from './tokenizer.js';
import { WordList } from './word-list.js';

/** The tokenization of a thread. */
export interface TokenizingPlan {
  readonly info: TokenizationInfo;
  readonly file: PretrainedTokenizer | undefined;
}

/** A part of a text for a tokenizing thread. If the part ends within a line, the same thread gets the rest of the line. */
export interface TextPart {
  /** The name of the text, for messages. */
  readonly source: string;
  readonly bytes: Uint8Array;
  /** Whether the text ends here. */
  readonly isLast: boolean;
}

/**
 * The tokens of a part of a text, in order. Tokens are indices into the thread's own list of distinct tokens.
 *
 *     indices   the index of each token, from 1; 0 ends a line                   Uint32Array [tokens + lines]
 *     bytes     the tokens that this part adds to the list, one after another    Uint8Array
 *     ends      the end of each of these new tokens in `bytes`                   Uint32Array [new tokens]
 */
export interface TokenizedPart {
  readonly indices: Uint32Array;
  readonly bytes: Uint8Array;
  readonly ends: Uint32Array;
  /** Whether the thread's list was emptied before this part. */
  readonly isFresh: boolean;
  /** The changes that decoding made to this part. */
  readonly changes: TextChanges;
  /** The error at which tokenizing stopped, after the tokens in `indices`. */
  readonly failure?: { readonly code: ErrorCode; readonly message: string };
}

/** A thread's list of tokens is emptied when it has more tokens than this, which bounds its memory. */
const MOST_TOKENS = 1 << 20;

/** Makes the function with which a thread tokenizes one part after another. @throws KNESER_TOKENIZER */
export async function createPartTokenizer({ info, file }: TokenizingPlan): Promise<(part: TextPart) => TokenizedPart> {
  const tokenization = await Tokenization.open(info, file);
  const words = new WordList();
  const changes: TextChanges = { replaced: 0, extraBytes: 0, extraCharacters: 0 };
  let indices = new Uint32Array(1 << 16);
  let count = 0;
  const push = (index: number): void => {
    if (count === indices.length) {
      const more = new Uint32Array(count * 2);
      more.set(indices);
      indices = more;
    }
    indices[count++] = index;
  };
  const sink: TokenSink = {
    token: (bytes, from, to, hash) => push(words.add(bytes, from, to, hash)),
    line: () => push(0),
  };
  let source: string | undefined;
  let feeder: TextFeeder;
  /** How many tokens of the list the main thread already has. */
  let sent = 0;

  function feed(part: TextPart): TokenizedPart['failure'] {
    try {
      if (part.source !== source) {
        feeder = createFeeder(tokenization, sink, changes, part.source);
        ({ source } = part);
      }
      feeder.feed(part.bytes);
      if (part.isLast) feeder.end();
      return undefined;
    } catch (error) {
      // The error is returned as plain data, because an error that is cloned to another thread loses its class.
      if (error instanceof KneserError) return { code: error.code, message: error.message };
      throw error;
    }
  }

  return part => {
    const isFresh = words.size > MOST_TOKENS;
    if (isFresh) {
      words.clear();
      sent = 0;
    }
    count = 0;
    Object.assign(changes, { replaced: 0, extraBytes: 0, extraCharacters: 0 });
    const failure = feed(part);
    const added = Array.from({ length: words.size - sent }, (_, i) => words.bytes(sent + 1 + i));
    const ends = new Uint32Array(added.length);
    added.forEach(({ length }, i) => (ends[i] = (i > 0 ? ends[i - 1] : 0) + length));
    const bytes = new Uint8Array(ends.at(-1) ?? 0);
    added.forEach((token, i) => bytes.set(token, ends[i] - token.length));
    sent = words.size;
    return {
      indices: indices.slice(0, count),
      bytes,
      ends,
      isFresh,
      changes: { ...changes },
      ...(failure ? { failure } : {}),
    };
  };
}
