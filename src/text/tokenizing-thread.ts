import { KneserError, type ErrorCode } from '../base/errors.js';
import { createFeeder } from './feeder.js';
import { Tokenization, type PretrainedTokenizer, type TextChanges, type TokenizationInfo } from './tokenization.js';
import type { TextFeeder, TokenSink } from './tokenizer.js';
import { WordList } from './word-list.js';

/** The tokenization of a thread. */
export interface TokenizingPlan {
  readonly info: TokenizationInfo;
  readonly file: PretrainedTokenizer | undefined;
}

/** A part of a text for a tokenizing thread. If it does not end with a line feed, the rest of the line goes to the same thread. */
export interface TextPart {
  /** The name of the text, for messages. */
  readonly source: string;
  readonly bytes: Uint8Array;
  /** Whether the text ends here. */
  readonly isLast: boolean;
}

/**
 * The tokens of a part of a text, in order.
 *
 *     numbers   each token's number in the thread's list, from 1; 0 ends a line    Uint32Array [tokens + lines]
 *     bytes     the tokens that this part adds to the list, one after another      Uint8Array
 *     ends      the end of each of these tokens in `bytes`                         Uint32Array [new tokens]
 */
export interface TokenizedPart {
  readonly numbers: Uint32Array<ArrayBuffer>;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly ends: Uint32Array<ArrayBuffer>;
  /** Whether the thread's list was emptied before this part. */
  readonly isFresh: boolean;
  /** The changes of the text in this part. */
  readonly changes: TextChanges;
  /** The error at which tokenizing stopped, after these tokens. */
  readonly failure?: { readonly code: ErrorCode; readonly message: string };
}

/** A thread's list of tokens is emptied when it has this many tokens, which bounds its memory. */
const MOST_TOKENS = 1 << 20;

/** Makes a function that tokenizes one part after another, for a thread. @throws KNESER_TOKENIZER */
export async function createPartTokenizer({ info, file }: TokenizingPlan): Promise<(part: TextPart) => TokenizedPart> {
  const tokenization = await Tokenization.open(info, file);
  const words = new WordList();
  const changes: TextChanges = { replaced: 0, extraBytes: 0, extraCharacters: 0 };
  let numbers = new Uint32Array(1 << 16);
  let count = 0;
  const push = (number: number): void => {
    if (count === numbers.length) {
      const more = new Uint32Array(count * 2);
      more.set(numbers);
      numbers = more;
    }
    numbers[count++] = number;
  };
  const sink: TokenSink = {
    token: (bytes, from, to, hash) => push(words.add(bytes, from, to, hash)),
    line: () => push(0),
  };
  let source: string | undefined;
  let feeder: TextFeeder;
  /** How many tokens of the list were sent to the main thread. */
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
      // An error that is cloned to another thread loses its class.
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
      numbers: numbers.slice(0, count),
      bytes,
      ends,
      isFresh,
      changes: { ...changes },
      ...(failure ? { failure } : {}),
    };
  };
}
