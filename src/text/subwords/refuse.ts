/**
 * src/text/subwords: the parts that `tokenizer.json` files and SentencePiece models have in common. A `Model` cuts a piece of text
 * into tokens of its vocabulary; `merges.ts` applies the merges of byte-pair encoding, `unigram-search.ts` is Unigram's search;
 * `trie.ts` and `charsmap.ts` hold strings and replacements; `remembered.ts` keeps the tokens of short pieces; `engine.ts` says
 * how a whole tokenizer is called. This file, `refuse.ts`, raises the error for a file or text that cannot be tokenized.
 */
import { KneserError } from '../../base/errors.js';

/** @throws KNESER_TOKENIZER always. @param reason begins with the path of the field, such as `model.dropout`. */
export function refuse(reason: string): never {
  throw new KneserError('KNESER_TOKENIZER', reason);
}
