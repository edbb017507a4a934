import { grown } from '../../base/grown.js';
import { countCharacters } from '../../text/surface.js';
import { createFeeder } from '../../text/feeder.js';
import type { Tokenization } from '../../text/tokenization.js';
import type { TokenSink } from '../../text/tokenizer.js';
import { ordered } from '../../text/word-order.js';
import { EOS } from '../../text/tokens.js';
import { OOV } from '../../smoothing/batch.js';
import type { LoadedWords } from '../lookup/words.js';

/** A piece of a text as ids, valid until the next piece is asked for. */
export interface IdPiece {
  /** The ids of the piece, with `EOS` after each sentence; the id of a word outside the vocabulary has the bit `OOV`. */
  readonly ids: Uint32Array;
  /** Length of the piece as valid UTF-8 [bytes]. */
  readonly bytes: number;
  /** Length of the piece [code points]. */
  readonly characters: number;
}

/**
 * Reads a text as ids, without making strings. The memory that it needs does not depend on the length of lines, unless the model reads
 * the words of a sentence in an order of its own.
 *
 * @param text the bytes of the text.
 * @param source the name of the text in messages.
 * @param onUnknown gets each token outside the vocabulary, as it is in the text.
 */
export async function* readIds(
  text: AsyncIterable<Uint8Array>,
  source: string,
  words: LoadedWords,
  tokenization: Tokenization,
  skipBlank: boolean,
  onUnknown?: (token: Uint8Array) => void,
): AsyncGenerator<IdPiece> {
  const sink = new IdSink(words, skipBlank, onUnknown);
  const feeder = createFeeder(tokenization, ordered(tokenization.order, sink), words, source);
  for await (const bytes of text) {
    words.extraBytes = words.extraCharacters = 0;
    feeder.feed(bytes);
    yield {
      ids: sink.take(),
      bytes: bytes.length + words.extraBytes,
      characters: countCharacters(bytes, 0, bytes.length) + words.extraCharacters,
    };
  }
  words.extraBytes = words.extraCharacters = 0;
  feeder.end();
  yield { ids: sink.take(), bytes: words.extraBytes, characters: words.extraCharacters };
}

/** Collects the ids of the tokens that a tokenizer finds. */
export class IdSink implements TokenSink {
  /** How many ids were collected since the last {@link take}. */
  length = 0;
  /** Sentences so far. */
  sentences = 0;
  /** The collected ids: the first {@link length} entries. */
  private ids = new Uint32Array(1 << 10);
  /** Number of tokens of the present line so far. */
  protected lineTokens = 0;

  /** @param onUnknown gets each token outside the vocabulary, as it is in the text. */
  constructor(
    private readonly words: LoadedWords,
    private readonly skipBlank: boolean,
    private readonly onUnknown?: (token: Uint8Array) => void,
  ) {}

  token(bytes: Uint8Array, from: number, to: number, hash: number): void {
    this.lineTokens++;
    const id = this.words.find(bytes, from, to, hash);
    this.push(id);
    if (id >= OOV) this.unknown(bytes.subarray(from, to));
  }

  /** Takes a token outside the vocabulary, as it is in the text. */
  protected unknown(token: Uint8Array): void {
    this.onUnknown?.(token);
  }

  line(): void {
    if (this.lineTokens > 0 || !this.skipBlank) {
      this.push(EOS);
      this.sentences++;
    }
    this.lineTokens = 0;
  }

  /** Returns the collected ids, valid until the next token, and begins a new collection. */
  take(): Uint32Array<ArrayBuffer> {
    const ids = this.ids.subarray(0, this.length);
    this.length = 0;
    return ids;
  }

  protected push(id: number): void {
    if (this.length === this.ids.length) this.ids = grown(this.ids, 2 * this.length);
    this.ids[this.length++] = id;
  }
}
