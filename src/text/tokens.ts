/** The bytes that separate tokens and sentences, and the ids of the words that every vocabulary holds. */

/** The id that stands for no word: for a position before the beginning of the sentence. */
export const NONE = 0;
/** The unknown word `<unk>`. */
export const UNK = 1;
/** The beginning of a sentence, `<s>`: only ever in a context. */
export const BOS = 2;
/** The end of a sentence, `</s>`: only ever predicted. */
export const EOS = 3;
/** The id of the first ordinary word: the most frequent one. */
export const FIRST_WORD = 4;

export const UNK_WORD = '<unk>';
export const BOS_WORD = '<s>';
export const EOS_WORD = '</s>';

/** Line feed: ends a sentence. */
export const NEWLINE = 0x0a;

/**
 * Table of 256 bytes: 1 for each byte that ends a token, which are NUL, tab, line feed, VT, FF, CR and space, as in KenLM. U+00A0
 * and other Unicode spaces are parts of tokens.
 */
export const ENDS_TOKEN: Uint8Array = /* @__PURE__ */ (() => {
  const table = new Uint8Array(256);
  for (const byte of [0x00, 0x09, NEWLINE, 0x0b, 0x0c, 0x0d, 0x20]) table[byte] = 1;
  return table;
})();

const SEPARATORS = /[\0\t\n\v\f\r ]+/;

/** The tokens of a sentence given as a string. */
export function splitTokens(text: string): string[] {
  const tokens = text.split(SEPARATORS);
  if (tokens[0] === '') tokens.shift();
  if (tokens.at(-1) === '') tokens.pop();
  return tokens;
}
