import { contains, RUST_WORD, SPACE } from './code-points.js';
import { refuse } from '../subwords/refuse.js';
import { Trie } from '../subwords/trie.js';
import { Fields } from './fields.js';
import type { Normalizer } from './normalizers.js';

/** A token that is cut out of the text before the pre-tokenizer and the model get the rest. */
interface AddedToken {
  readonly content: string;
  readonly singleWord: boolean;
  readonly lstrip: boolean;
  readonly rstrip: boolean;
  readonly normalized: boolean;
}

/** Receives the parts of a text in order: added tokens, and the pieces between them. */
export interface PieceSink {
  /** @param from where the piece begins in the text that was searched. */
  piece(text: string, from: number): void;
  token(content: string): void;
}

/** The added tokens of the file: those found in the raw text, and those found in the normalized text. */
export interface AddedTokens {
  readonly raw: Finder | undefined;
  readonly normalized: Finder | undefined;
}

/** @param normalize the file's normalizer, applied to the tokens that are to be found in normalized text. */
export function readAddedTokens(list: unknown, normalize: Normalizer): AddedTokens {
  if (!Array.isArray(list)) refuse('added_tokens: is no list');
  const tokens = new Map<string, AddedToken>();
  list.forEach((value, i) => {
    const fields = Fields.of(value, `added_tokens[${i}]`);
    const content = fields.text('content');
    fields.count('id');
    fields.flag('special');
    const token = {
      content,
      singleWord: fields.flag('single_word'),
      lstrip: fields.flag('lstrip'),
      rstrip: fields.flag('rstrip'),
      normalized: fields.flag('normalized'),
    };
    fields.end();
    if (content !== '') tokens.set(content, token);
  });
  const finder = (chosen: AddedToken[], patternOf: (token: AddedToken) => string): Finder | undefined =>
    chosen.length > 0 ? new Finder(chosen, patternOf) : undefined;
  const all = [...tokens.values()];
  return {
    raw: finder(
      all.filter(token => !token.normalized),
      token => token.content,
    ),
    normalized: finder(
      all.filter(token => token.normalized),
      token => normalize(token.content),
    ),
  };
}

/** Finds added tokens in a text from left to right; of several that begin at the same place, the longest. */
export class Finder {
  private readonly trie = new Trie();
  /** Uint8Array [65536], by code unit: 1 if some added token begins with this unit. */
  private readonly begins = new Uint8Array(1 << 16);

  constructor(
    private readonly tokens: readonly AddedToken[],
    patternOf: (token: AddedToken) => string,
  ) {
    const patterns = new Set<string>();
    tokens.forEach((token, i) => {
      const pattern = patternOf(token);
      if (pattern === '')
        refuse(`added_tokens: nothing is left of ${JSON.stringify(token.content)} when it is normalized`);
      if (patterns.has(pattern)) refuse(`added_tokens: two tokens are ${JSON.stringify(pattern)} when normalized`);
      patterns.add(pattern);
      this.trie.set(pattern, i);
      this.begins[pattern.charCodeAt(0)] = 1;
    });
  }

  /** Gives a text's pieces and added tokens to the sink, in order; no piece is empty. */
  split(text: string, sink: PieceSink): void {
    let done = 0;
    for (let at = 0; at < text.length;) {
      if (this.begins[text.charCodeAt(at)] === 0) {
        at++;
        continue;
      }
      let end = 0;
      let found = -1;
      for (let node = 0, to = at; to < text.length;) {
        node = this.trie.child(node, text.charCodeAt(to++));
        if (node === 0) break;
        const value = this.trie.valueAt(node);
        if (value >= 0) [found, end] = [value, to];
      }
      if (found < 0) {
        at++;
        continue;
      }
      const token = this.tokens[found];
      let from = at;
      let to = end;
      at = end;
      if (token.singleWord && (endsWithWord(text, from) || beginsWithWord(text, to))) continue;
      // `lstrip` extends the token over the white space before it, except for white space that the previous token took (`rstrip`).
      if (token.lstrip) from = Math.max(spaceBefore(text, from), done);
      if (token.rstrip) to = spaceAfter(text, to);
      if (done < from) sink.piece(text.slice(done, from), done);
      sink.token(token.content);
      done = to;
    }
    if (done < text.length) sink.piece(done === 0 ? text : text.slice(done), done);
  }
}

function beginsWithWord(text: string, at: number): boolean {
  const point = text.codePointAt(at);
  return point !== undefined && contains(RUST_WORD(), point);
}

function endsWithWord(text: string, at: number): boolean {
  if (at === 0) return false;
  const isPair = (text.charCodeAt(at - 1) & 0xfc00) === 0xdc00;
  return beginsWithWord(text, isPair ? at - 2 : at - 1);
}

/** Every white-space character is a single code unit, so units can be tested one by one. */
const isSpace = (unit: number): boolean => contains(SPACE(), unit);

function spaceBefore(text: string, at: number): number {
  while (at > 0 && isSpace(text.charCodeAt(at - 1))) at--;
  return at;
}

function spaceAfter(text: string, at: number): number {
  while (at < text.length && isSpace(text.charCodeAt(at))) at++;
  return at;
}
