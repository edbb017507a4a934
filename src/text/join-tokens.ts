import { decode } from './surface.js';
import type { TokenizationInfo } from './tokenization.js';

/** Names of separators, as in `names.ts`: control pictures, and `▁` for a space. */
const NAMES = /[\u2400\u2409-\u240d\u2581]/g;
const BYTE = /^<0x([0-9A-F]{2})>$/;
/** Stretches of byte tokens of SentencePiece. */
const BYTES = /(?:<0x[0-9A-F]{2}>)+/g;

/**
 * The text of tokens: the inverse of cutting a text, as far as tokens tell. Tokens of `whitespace`, `words` and `tokenizer.json` are
 * separated by spaces, since they do not tell where spaces were; those of `characters`, `bytes` and SentencePiece are joined.
 */
export function joinTokens(tokens: readonly string[], { tokenizer }: Pick<TokenizationInfo, 'tokenizer'>): string {
  switch (tokenizer) {
    case 'characters':
      return tokens.join('').replace(NAMES, separatorOf);
    case 'bytes':
      return decode(bytesOf(tokens));
    case 'sentencepiece':
      // The space at the beginning is the one that SentencePiece puts before a text.
      return tokens
        .join('')
        .replace(BYTES, run => decode(bytesOf(run.match(/<0x..>/g) ?? [])))
        .replace(NAMES, separatorOf)
        .replace(/^ /, '');
    case 'whitespace':
    case 'words':
    case 'tokenizer.json':
      return tokens.join(' ');
  }
}

/** Whether a space stands between a text and the text of the tokens after it. */
export function isSpaced({ tokenizer }: Pick<TokenizationInfo, 'tokenizer'>): boolean {
  return tokenizer === 'whitespace' || tokenizer === 'words' || tokenizer === 'tokenizer.json';
}

function separatorOf(name: string): string {
  return name === '\u2581' ? ' ' : String.fromCharCode(name.charCodeAt(0) - 0x2400);
}

/** The bytes of byte tokens; other tokens have none. */
function bytesOf(tokens: readonly string[]): Uint8Array {
  return Uint8Array.from(
    tokens.flatMap(
      token =>
        BYTE.exec(token)
          ?.slice(1)
          .map(hex => parseInt(hex, 16)) ?? [],
    ),
  );
}
