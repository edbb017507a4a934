import { byteToken } from '../subwords/model.js';
import type { ModelFile } from './model-file.js';

type Put = (token: number | string) => void;

/**
 * Turns the parts of a text into tokens. A part that is a piece becomes the piece's number. Any other part becomes the pieces of
 * its bytes if the model has them; otherwise neighbouring parts without a piece are joined to one token of their text.
 */
export class Surface {
  /** The strings of the pieces by number. */
  readonly tokens: readonly string[];
  private readonly bytes: readonly number[];
  private readonly fallsBack: boolean;
  private pending = '';

  constructor({ pieces, fallsBack }: ModelFile) {
    this.tokens = pieces.map(({ text }) => text);
    this.fallsBack = fallsBack;
    const numbers = new Map(pieces.flatMap(({ text, type }, i) => (type === 'byte' ? [[text, i] as const] : [])));
    this.bytes = Array.from({ length: 256 }, (_, byte) => numbers.get(byteToken(byte)) ?? -1);
  }

  known(number: number, put: Put): void {
    if (this.pending !== '') this.end(put);
    put(number);
  }

  unknown(text: string, put: Put): void {
    if (!this.fallsBack) this.pending += text;
    else for (const byte of encoder.encode(text)) put(this.bytes[byte]);
  }

  /** Ends the text. */
  end(put: Put): void {
    if (this.pending !== '') put(this.pending);
    this.pending = '';
  }
}

const encoder = new TextEncoder();
