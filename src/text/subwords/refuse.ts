/**
 * src/text/subwords: code that `tokenizer.json` files and SentencePiece models share. A `Model` (`model.ts`) cuts a piece of text into
 * tokens of its vocabulary: `merges.ts` applies the merges of byte-pair encoding, `unigram-search.ts` is the search of Unigram,
 * `trie.ts` finds strings, `charsmap.ts` finds replacements. `remembered.ts` keeps the tokens of short pieces; `engine.ts` is the
 * interface of a whole tokenizer. This file, `refuse.ts`, throws the error for a file or text that cannot be used.
 */
import { KneserError } from '../../base/errors.js';

/** @throws KNESER_TOKENIZER always. @param reason begins with the path of the field, such as `model.dropout`. */
export function refuse(reason: string): never {
  throw new KneserError('KNESER_TOKENIZER', reason);
}
