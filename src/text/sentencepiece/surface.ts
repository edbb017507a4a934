import { byteToken } from '../subwords/model.js';
import type { ModelFile } from './model-file.js';

type Put = (token: number | string) => void;

/**
 * What a text's parts become: a piece is its number; a part without a piece becomes the pieces of its bytes where the model has them,
 * else it is a token as it is, together with the parts without a piece beside it.
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
