import type { MakeToken } from './engine.js';
import type { Model } from './model.js';

/** The tokens of pieces up to `SHORT` UTF-16 units are remembered, for at most `REMEMBERED` pieces. */
const SHORT = 48;
const REMEMBERED = 1 << 17;

/** A model that makes the object of each token once, and remembers the tokens of short pieces. */
export interface RememberedModel<T> {
  /** Gives the tokens of a piece, which must not be empty, to `put`, in order. */
  take(piece: string, put: (token: T) => void): void;
  /** The token with this number in the model's vocabulary. */
  ofNumber(number: number): T | undefined;
  /** Frees the remembered pieces. */
  forget(): void;
}

/**
 * @param finish changes a piece before the model gets it. Pieces are remembered in the form before this change.
 * @param mark a character before which a piece can be cut without a change of its tokens (`Model.cutsBefore`).
 */
export function remembering<T>(
  model: Model,
  make: MakeToken<T>,
  finish: ((piece: string) => string) | undefined,
  mark: string | undefined,
): RememberedModel<T> {
  const made: (T | undefined)[] = new Array<T | undefined>(model.tokens.length);
  const ofNumber = (number: number): T | undefined => {
    const text = model.tokens[number];
    return text === '' ? undefined : (made[number] ??= make(text));
  };
  const remembered = new Map<string, readonly T[]>();

  function tokensOf(piece: string): T[] {
    const tokens: T[] = [];
    model.tokenize(finish ? finish(piece) : piece, token => {
      const one = typeof token === 'number' ? ofNumber(token) : token === '' ? undefined : make(token);
      if (one !== undefined) tokens.push(one);
    });
    return tokens;
  }

  function takeShort(piece: string, put: (token: T) => void): void {
    let tokens = remembered.get(piece);
    if (!tokens) {
      tokens = tokensOf(piece);
      if (piece.length <= SHORT) {
        if (remembered.size >= REMEMBERED) remembered.clear();
        remembered.set(ownCopy(piece), tokens);
      }
    }
    for (let i = 0; i < tokens.length; i++) put(tokens[i]);
  }

  /** Cuts a long piece before marks, where a cut does not change its tokens. */
  function takeCut(piece: string, cut: string, put: (token: T) => void): void {
    let from = 0;
    for (let at = piece.indexOf(cut, 1); at >= 0; at = piece.indexOf(cut, at + 1)) {
      if (piece.startsWith(cut, at - 1)) continue;
      takeShort(piece.slice(from, at), put);
      from = at;
    }
    takeShort(from === 0 ? piece : piece.slice(from), put);
  }

  return {
    take:
      mark === undefined
        ? takeShort
        : (piece, put) => (piece.length > SHORT ? takeCut(piece, mark, put) : takeShort(piece, put)),
    ofNumber,
    forget: () => remembered.clear(),
  };
}

/** A copy of a string. V8 keeps a whole string in memory for the sake of a part of it of 13 UTF-16 units or more. */
function ownCopy(piece: string): string {
  return piece.length < 13 ? piece : decoder.decode(encoder.encode(piece));
}

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
