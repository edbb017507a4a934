import { BOS, BOS_WORD, EOS, EOS_WORD, UNK } from '../text/tokens.js';
import { hasUntoldSpace, TextStream } from '../text/text-stream.js';
import type { ServedModel } from './served-model.js';

/** So many tokens before the first tell what it adds to their text. */
const CONTEXT = 64;

/** Turns tokens into text, token by token. */
export class Detokenizer {
  /** The length of the text so far [UTF-16 units]. */
  length: number;
  /** Where the last token begins in the text [UTF-16 units]. */
  offset = 0;
  private last: string;
  private stream: TextStream;
  /** Whether a space that the next token adds is left out, because the text ends with white space that no token has. */
  private dropsSpace: boolean;

  /** @param before the text that the tokens continue, and its tokens. */
  constructor(
    private readonly model: ServedModel,
    before: { readonly text: string; readonly ids: Uint32Array } = { text: '', ids: new Uint32Array(0) },
  ) {
    const { text, ids } = before;
    const tokens = Array.from(ids.subarray(Math.max(ids.lastIndexOf(EOS) + 1, ids.length - CONTEXT)), id =>
      model.token(id),
    );
    this.length = text.length;
    this.last = text.at(-1) ?? '';
    this.stream = new TextStream(model.join, tokens);
    this.dropsSpace = hasUntoldSpace(model.join, text, tokens);
  }

  /**
   * The text that a token adds: `</s>` a line feed, `<s>` itself at the beginning of a line, other tokens what they are in the text of the line's
   * tokens. A byte of an unfinished character adds nothing; the last byte adds the character.
   */
  push(id: number): string {
    if (id === EOS || id === BOS) {
      const held = this.end();
      this.offset = this.length + held.length;
      if (id === EOS) return held + this.added('\n');
      this.stream = new TextStream(this.model.join, [BOS_WORD]);
      return held + this.added((this.last === '' || this.last === '\n' ? '' : '\n') + BOS_WORD);
    }
    const text = this.stream.push(this.model.token(id));
    const isDropped = this.dropsSpace && text.startsWith(' ');
    if (text !== '') this.dropsSpace = false;
    const { begins } = this.stream;
    // A space between tokens is part of none.
    this.offset = this.length + begins + (this.model.isSpaced && !isDropped && text[begins] === ' ' ? 1 : 0);
    return this.added(isDropped ? text.slice(1) : text);
  }

  /** The text of bytes that belong to a character that never became complete. */
  end(): string {
    return this.added(this.stream.end());
  }

  private added(text: string): string {
    this.length += text.length;
    this.last = text.at(-1) ?? this.last;
    return text;
  }
}

/** The text of tokens, and the offset of each token in it [UTF-16 units]. */
export function textOf(model: ServedModel, ids: Uint32Array): { readonly text: string; readonly offsets: number[] } {
  const detokenizer = new Detokenizer(model);
  const offsets: number[] = [];
  const pieces: string[] = [];
  for (const id of ids) {
    pieces.push(detokenizer.push(id));
    offsets.push(detokenizer.offset);
  }
  pieces.push(detokenizer.end());
  return { text: pieces.join(''), offsets };
}

/**
 * The offset of each token in the text that was cut into the tokens [UTF-16 units]. Of a token that the text does not have as it is, such as one that
 * was normalized, it is the next place that is not white space.
 */
export function offsetsIn(text: string, model: ServedModel, ids: Uint32Array): number[] {
  const detokenizer = new Detokenizer(model);
  const pieces = Array.from(ids, id => detokenizer.push(id));
  const offsets: number[] = [];
  let at = 0;
  for (const [i, id] of ids.entries()) {
    const piece = pieces[i];
    const [from, to] = id === EOS ? placeOfEnd(text, at) : placeOf(text, at, model.isSpaced ? piece.trim() : piece);
    offsets.push(from);
    if (to > from || piece === '') at = to;
    else if (model.isSpaced && !(i + 1 < pieces.length && /^\S/.test(pieces[i + 1])))
      at = text.slice(from).search(/\s|$/) + from;
    // An unknown character, or a token of normalized text.
    else at = Math.min(text.length, from + (id === UNK ? 1 : piece.trim().length));
  }
  return offsets;
}

/** Where `</s>` stands at `at` or behind it: the mark itself, or the end of the line. */
function placeOfEnd(text: string, at: number): [from: number, to: number] {
  const mark = at + text.slice(at).search(/[^ \t]|$/);
  if (text.startsWith(EOS_WORD, mark)) return [mark, mark + EOS_WORD.length];
  const end = text.indexOf('\n', at);
  return end < 0 ? [text.length, text.length] : [end, end + 1];
}

/** Where a piece of text stands at `at` or behind white space there, in any case; the place where it should stand, twice, if it does not. */
function placeOf(text: string, at: number, piece: string): [from: number, to: number] {
  if (text.startsWith(piece, at)) return [at, at + piece.length];
  const bare = piece.trimStart();
  // White space comes behind what the tokens before did not have as it is.
  const space = bare === '' && piece !== '' ? text.indexOf(piece, at) : -1;
  if (space >= 0) return [space, space + piece.length];
  const from = at + text.slice(at).search(/\S|$/);
  const isThere = text.slice(from, from + bare.length).toLowerCase() === bare.toLowerCase();
  return [from, isThere ? from + bare.length : from];
}
