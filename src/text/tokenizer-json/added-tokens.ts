import { contains, RUST_WORD, SPACE } from './code-points.js';
import { refuse } from '../subwords/refuse.js';
import { Trie } from '../subwords/trie.js';
import { Fields } from './fields.js';
import type { Normalizer } from './normalizers.js';

/** A token that is cut out of the text before the pre-tokenizer and the model get the rest. */
interface AddedToken {
  readonly content: string;
  /** Whether the token is found only where no word character is next to it. */
  readonly singleWord: boolean;
  /** Whether the token includes the white space before it. */
  readonly lstrip: boolean;
  /** Whether the token includes the white space after it. */
  readonly rstrip: boolean;
  /** Whether the token is found in the normalized text, rather than in the raw text. */
  readonly normalized: boolean;
}

/** Receives the parts of a text in order: added tokens, and the pieces between them. */
export interface PieceSink {
  /** @param from the offset of the piece in the text that was searched, in UTF-16 units. */
  piece(text: string, from: number): void;
  token(content: string): void;
}

/** Finders of a file's added tokens in the raw text and in the normalized text; `undefined` where there are none to find. */
export interface AddedTokens {
  readonly raw: Finder | undefined;
  readonly normalized: Finder | undefined;
  /** By string of an added token, the text that is found and that a decoder gets: normalized, if the token is found in the normalized text. */
  readonly texts: ReadonlyMap<string, string>;
}

/**
 * @param list the field `added_tokens`.
 * @param normalize the file's normalizer. It is applied to the tokens to find in the normalized text.
 * @throws KNESER_TOKENIZER
 */
export function readAddedTokens(list: unknown, normalize: Normalizer): AddedTokens {
  if (!Array.isArray(list)) refuse('added_tokens: is not a list');
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
  const all = [...tokens.values()];
  const texts = new Map(all.map(token => [token.content, token.normalized ? normalize(token.content) : token.content]));
  const finder = (chosen: AddedToken[]): Finder | undefined =>
    chosen.length > 0 ? new Finder(chosen, texts) : undefined;
  return {
    texts,
    raw: finder(all.filter(token => !token.normalized)),
    normalized: finder(all.filter(token => token.normalized)),
  };
}

/** Finds added tokens in a text from left to right; of several that begin at the same offset, the longest. */
export class Finder {
  private readonly trie = new Trie();
  /** Uint8Array [65536] by UTF-16 unit: 1 if some added token begins with this unit. */
  private readonly begins = new Uint8Array(1 << 16);

  /** @param textOf by string of a token, the text by which it is found. */
  constructor(
    private readonly tokens: readonly AddedToken[],
    textOf: ReadonlyMap<string, string>,
  ) {
    const texts = new Set<string>();
    tokens.forEach((token, i) => {
      const text = textOf.get(token.content) ?? token.content;
      if (text === '')
        refuse(`added_tokens: ${JSON.stringify(token.content)} becomes the empty string when normalized`);
      if (texts.has(text)) refuse(`added_tokens: two tokens are ${JSON.stringify(text)} when normalized`);
      texts.add(text);
      this.trie.set(text, i);
      this.begins[text.charCodeAt(0)] = 1;
    });
  }

  /**
   * Gives a text's pieces and added tokens to the sink, in order; no piece is empty.
   *
   * @throws KNESER_TOKENIZER where the library fails: at a token that takes the space before it, of which the token before took more than this token is.
   */
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
      // White space that the previous token took (`rstrip`) stays with that token.
      if (token.lstrip) from = Math.max(spaceBefore(text, from), done);
      if (token.rstrip) to = spaceAfter(text, to);
      if (from > to)
        refuse(`${JSON.stringify(token.content)}: the added token before it took the white space behind it`);
      if (done < from) sink.piece(text.slice(done, from), done);
      // A token of white space is left out if the token before took it.
      if (from < to) sink.token(token.content);
      done = to;
    }
    if (done < text.length) sink.piece(done === 0 ? text : text.slice(done), done);
  }
}

/** Whether a word character begins at an offset. */
function beginsWithWord(text: string, at: number): boolean {
  const point = text.codePointAt(at);
  return point !== undefined && contains(RUST_WORD(), point);
}

/** Whether a word character ends at an offset. */
function endsWithWord(text: string, at: number): boolean {
  if (at === 0) return false;
  const isPair = (text.charCodeAt(at - 1) & 0xfc00) === 0xdc00;
  return beginsWithWord(text, isPair ? at - 2 : at - 1);
}

/** Whether a UTF-16 unit is white space: each white-space character has only one unit. */
const isSpace = (unit: number): boolean => contains(SPACE(), unit);

/** The offset at which the white space before an offset begins. */
function spaceBefore(text: string, at: number): number {
  while (at > 0 && isSpace(text.charCodeAt(at - 1))) at--;
  return at;
}

/** The offset at which the white space after an offset ends. */
function spaceAfter(text: string, at: number): number {
  while (at < text.length && isSpace(text.charCodeAt(at))) at++;
  return at;
}
