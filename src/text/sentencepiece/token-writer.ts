import { byteToken } from '../subwords/model.js';
import type { ModelFile } from './model-file.js';

/** Takes a token: the id of a piece, or the text of characters without a piece. */
type Put = (token: number | string) => void;

/**
 * Writes the tokens of a text, part by part. A part that is a piece becomes this piece. A part without a piece becomes the pieces of
 * its UTF-8 bytes if the model has them; otherwise neighbouring parts without a piece are joined to one token.
 */
export class TokenWriter {
  /** The strings of the pieces by id. */
  readonly tokens: readonly string[];
  /** The id of the piece of each byte (256 entries); -1 if there is none. */
  private readonly bytePieces: readonly number[];
  private readonly fallsBack: boolean;
  /** The joined parts without a piece that no token holds yet. */
  private pending = '';

  constructor({ pieces, fallsBack }: ModelFile) {
    this.tokens = pieces.map(({ text }) => text);
    this.fallsBack = fallsBack;
    const ids = new Map(pieces.flatMap(({ text, type }, i) => (type === 'byte' ? [[text, i] as const] : [])));
    this.bytePieces = Array.from({ length: 256 }, (_, byte) => ids.get(byteToken(byte)) ?? -1);
  }

  /** Writes a part that is a piece. */
  piece(id: number, put: Put): void {
    if (this.pending !== '') this.end(put);
    put(id);
  }

  /** Writes a part without a piece. */
  unknown(text: string, put: Put): void {
    if (!this.fallsBack) this.pending += text;
    else for (const byte of encoder.encode(text)) put(this.bytePieces[byte]);
  }

  /** Ends the text. */
  end(put: Put): void {
    if (this.pending !== '') put(this.pending);
    this.pending = '';
  }
}

const encoder = new TextEncoder();
