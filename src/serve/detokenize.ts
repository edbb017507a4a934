import type { Pause } from '../base/turn.js';
import { BOS, BOS_WORD, EOS, UNK } from '../text/tokens.js';
import { seam, TextStream } from '../text/text-stream.js';
import type { ServedModel } from './served-model.js';

/** So many tokens before the first tell what it adds to their text. */
const CONTEXT = 64;

/** A text that tokens continue. */
interface Before {
  readonly text: string;
  readonly ids: Uint32Array;
  /** What the tokens `<unk>` stand for, each once; empty if it is not known. */
  readonly unknown: readonly string[];
}

/** Turns tokens into text, token by token. */
export class Detokenizer {
  /** The length of the text so far [UTF-16 units]. */
  length: number;
  /** Where the last token begins in the text [UTF-16 units]. */
  offset = 0;
  private last: string;
  private stream: TextStream;
  /** Makes the first text that tokens add fit behind the text before. */
  private fit: ((added: string) => string) | undefined;

  /** @param before the text that the tokens continue, and its tokens. */
  constructor(
    private readonly model: ServedModel,
    before: Before = { text: '', ids: new Uint32Array(0), unknown: [] },
  ) {
    const { text, ids, unknown } = before;
    const last = ids.subarray(Math.max(ids.lastIndexOf(EOS) + 1, ids.length - CONTEXT));
    let next = unknown.length - last.filter(id => id === UNK).length;
    const tokens = Array.from(last, id => (id === UNK ? unknown[next++] : undefined) ?? model.token(id));
    this.length = text.length;
    this.last = text.at(-1) ?? '';
    this.stream = new TextStream(model.join, tokens);
    this.fit = seam(model.join, text, tokens);
  }

  /**
   * The text that a token adds: `</s>` a line feed, `<s>` itself at the beginning of a line, other tokens what they are in the text of the line's
   * tokens. A byte of an unfinished character adds nothing; the last byte adds the character.
   *
   * @param token the token, if it is not that of the vocabulary.
   */
  push(id: number, token = this.model.token(id)): string {
    if (id === EOS || id === BOS) {
      const held = this.end();
      const line = id === EOS || this.last === '' || this.last === '\n' ? '' : this.added('\n');
      this.offset = this.length;
      if (id === EOS) return held + this.added('\n');
      this.stream = new TextStream(this.model.join, [BOS_WORD]);
      return held + line + this.added(BOS_WORD);
    }
    const text = this.stream.push(token);
    const added = this.fitted(text);
    const begins = Math.max(0, this.stream.begins + added.length - text.length);
    // A space between tokens is part of none.
    this.offset = this.length + begins + (this.model.isSpaced && added[begins] === ' ' ? 1 : 0);
    return this.added(added);
  }

  /** The text of bytes that belong to a character that never became complete. */
  end(): string {
    return this.added(this.fitted(this.stream.end()));
  }

  private fitted(text: string): string {
    if (!this.fit || text === '') return text;
    const fitted = this.fit(text);
    this.fit = undefined;
    return fitted;
  }

  private added(text: string): string {
    this.length += text.length;
    this.last = text.at(-1) ?? this.last;
    return text;
  }
}

/** The text of tokens, and the offset of each token in it [UTF-16 units]. @param unknown what the tokens `<unk>` stand for, if it is known. */
export async function textOf(
  model: ServedModel,
  ids: Uint32Array,
  pause: Pause,
  unknown: readonly string[] = [],
): Promise<{ readonly text: string; readonly offsets: readonly number[] }> {
  const detokenizer = new Detokenizer(model);
  const offsets: number[] = [];
  const pieces: string[] = [];
  let next = 0;
  for (const id of ids) {
    pieces.push(detokenizer.push(id, id === UNK ? unknown[next++] : undefined));
    offsets.push(detokenizer.offset);
    const pausing = pause();
    if (pausing) await pausing;
  }
  pieces.push(detokenizer.end());
  return { text: pieces.join(''), offsets };
}
