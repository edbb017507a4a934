import { joinTokens } from '../text/join-tokens.js';
import { BOS, BOS_WORD, EOS, EOS_WORD, UNK } from '../text/tokens.js';
import type { ServedModel } from './served-model.js';

const WHITE = /\s/;
/** A character has at most this many bytes. */
const CHARACTER_BYTES = 4;
/** A token that is a byte of a character of several bytes. */
const PART_OF_CHARACTER = /^<0x[89A-F].>$/;

/** Turns tokens into text, token by token. */
export class Detokenizer {
  /** The length of the text so far [UTF-16 units]. */
  length: number;
  private last: string;
  /** Bytes of a character that is not complete. */
  private pending: string[] = [];

  /** @param before the text that the tokens continue. */
  constructor(
    private readonly model: ServedModel,
    before = '',
  ) {
    this.length = before.length;
    this.last = before.at(-1) ?? '';
  }

  /**
   * The text that a token adds: `</s>` a line feed, `<s>` itself at the beginning of a line, other tokens themselves, after a space if the tokenizer
   * cuts at spaces. A byte of an unfinished character adds nothing; the last byte adds the character.
   */
  push(id: number): string {
    const { model, pending } = this;
    if (id === EOS) return this.added(`${this.end()}\n`);
    if (id === BOS) {
      const text = this.end();
      return this.added(text + (this.last === '' || this.last === '\n' ? '' : '\n') + BOS_WORD);
    }
    const token = model.token(id);
    if (model.isSpaced) return this.added((this.last === '' || WHITE.test(this.last) ? '' : ' ') + token);
    pending.push(token);
    const isPart = PART_OF_CHARACTER.test(token) && pending.length < CHARACTER_BYTES;
    if (isPart && this.joined().endsWith('\uFFFD')) return '';
    return this.added(this.end());
  }

  /** The text of bytes that belong to a character that never became complete. */
  end(): string {
    if (this.pending.length === 0) return '';
    const text = this.joined();
    this.pending = [];
    return text;
  }

  private joined(): string {
    const { info } = this.model.paged.parts.tokenization;
    // Only at the beginning of a text is the space of the first token left out.
    if (info.tokenizer !== 'sentencepiece' || this.last === '') return joinTokens(this.pending, info);
    return joinTokens(['.', ...this.pending], info).slice(1);
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
    const start = detokenizer.length;
    const piece = detokenizer.push(id);
    offsets.push(start + (model.isSpaced && piece.startsWith(' ') ? 1 : 0));
    pieces.push(piece);
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
  const offsets: number[] = [];
  let at = 0;
  for (const id of ids) {
    const piece = detokenizer.push(id);
    const [from, to] = id === EOS ? placeOfEnd(text, at) : placeOf(text, at, model.isSpaced ? piece.trim() : piece);
    offsets.push(from);
    if (to > from || piece === '') at = to;
    else if (model.isSpaced) at = text.slice(from).search(/\s|$/) + from;
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
