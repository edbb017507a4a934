import { seal, unseal } from '../base/sealed.js';
import type { PretrainedTokenizer } from '../text/pretrained.js';
import type { TOKENIZER_FILES } from '../text/tokenization.js';

const encoder = /* @__PURE__ */ new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The value of a tokenizer's file in the store: a checksum, then the bytes of the file (a `tokenizer.json` as UTF-8). */
export function encodeTokenizer(tokenizer: PretrainedTokenizer): Uint8Array {
  return seal('json' in tokenizer ? encoder.encode(tokenizer.json) : tokenizer.sentencepiece);
}

/** The reverse of {@link encodeTokenizer}. @throws BlockDamage */
export function decodeTokenizer(value: Uint8Array, kind: (typeof TOKENIZER_FILES)[number]): PretrainedTokenizer {
  const bytes = unseal(value);
  return kind === 'tokenizer.json' ? { json: decoder.decode(bytes) } : { sentencepiece: bytes };
}
