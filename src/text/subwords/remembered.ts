import type { MakeToken } from './engine.js';
import type { Model } from './model.js';

/** Tokens are remembered of pieces up to this length [UTF-16 units]. */
const SHORT = 48;
/** Tokens are remembered of at most this many pieces. */
const MOST_REMEMBERED = 1 << 17;

/** A model that gives token objects, each made once, and remembers the tokens of short pieces. */
export interface RememberedModel<T> {
  /** Gives the tokens of a piece, which must not be empty, to `put`, in order. */
  tokenize(piece: string, put: (token: T) => void): void;
  /** The token object of an id; `undefined` for a token whose string is empty. */
  tokenOf(id: number): T | undefined;
  /** Frees the remembered pieces. */
  forget(): void;
}

/**
 * Makes a tokenizer model that remembers the tokens of short pieces.
 *
 * @param finish changes a piece before the model gets it. Pieces are remembered in the form before this change.
 * @param mark cuts long pieces, as `Model.cutMark` does, in the form before this change.
 */
export function rememberTokens<T>(
  model: Model,
  make: MakeToken<T>,
  finish: ((piece: string) => string) | undefined,
  mark: string | undefined,
): RememberedModel<T> {
  const made: (T | undefined)[] = new Array<T | undefined>(model.tokens.length);
  const tokenOf = (id: number): T | undefined => {
    const text = model.tokens[id];
    return text === '' ? undefined : (made[id] ??= make(text));
  };
  const remembered = new Map<string, readonly T[]>();

  function tokensOf(piece: string): T[] {
    const tokens: T[] = [];
    model.tokenize(finish ? finish(piece) : piece, token => {
      const object = typeof token === 'number' ? tokenOf(token) : token === '' ? undefined : make(token);
      if (object !== undefined) tokens.push(object);
    });
    return tokens;
  }

  /** Tokenizes a piece whole. */
  function tokenizeWhole(piece: string, put: (token: T) => void): void {
    let tokens = remembered.get(piece);
    if (!tokens) {
      tokens = tokensOf(piece);
      if (piece.length <= SHORT) {
        if (remembered.size >= MOST_REMEMBERED) remembered.clear();
        remembered.set(ownCopy(piece), tokens);
      }
    }
    for (let i = 0; i < tokens.length; i++) put(tokens[i]);
  }

  /** Cuts a long piece before each mark that follows another character, and tokenizes the parts. */
  function tokenizeParts(piece: string, cutMark: string, put: (token: T) => void): void {
    let from = 0;
    for (let at = piece.indexOf(cutMark, 1); at >= 0; at = piece.indexOf(cutMark, at + 1)) {
      if (piece.startsWith(cutMark, at - 1)) continue;
      tokenizeWhole(piece.slice(from, at), put);
      from = at;
    }
    tokenizeWhole(from === 0 ? piece : piece.slice(from), put);
  }

  return {
    tokenize:
      mark === undefined
        ? tokenizeWhole
        : (piece, put) => (piece.length > SHORT ? tokenizeParts(piece, mark, put) : tokenizeWhole(piece, put)),
    tokenOf,
    forget: () => remembered.clear(),
  };
}

/** A copy of a part of a string. In V8 a part of 13 UTF-16 units or more would keep the whole string in memory. */
function ownCopy(piece: string): string {
  return piece.length < 13 ? piece : decoder.decode(encoder.encode(piece));
}

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
