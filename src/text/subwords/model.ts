/** Cuts pieces of text into tokens of the model's vocabulary. A token's **id** is its index in `tokens`. */
export interface Model {
  /** The strings of the vocabulary by id. */
  readonly tokens: readonly string[];
  /**
   * Gives the tokens of a piece, which must not be empty, to `put`, in order, by id. Characters without a token are given as a string
   * where the reference library returns their text.
   */
  tokenize(piece: string, put: (token: number | string) => void): void;
  /**
   * A mark, such as `▁`. A piece can be cut before a mark that follows another character: the parts, tokenized apart, have the tokens
   * of the whole piece. Missing if no mark has this property.
   */
  readonly cutMark?: string | undefined;
}

/** Marks that begin a word: `▁` of SentencePiece, a space, and `Ġ`, the space of the byte-level alphabet. */
const MARKS = ['▁', ' ', 'Ġ'];

/**
 * Finds a mark for `Model.cutMark`: a mark that is a token, and that no merge joins to a different character before it.
 *
 * @param isToken tells whether a text is in the vocabulary.
 * @param products the text that each merge makes.
 */
export function findCutMark(isToken: (text: string) => boolean, products: readonly string[]): string | undefined {
  const joinsBefore = (mark: string, product: string): boolean => {
    for (let at = product.indexOf(mark, 1); at >= 0; at = product.indexOf(mark, at + 1)) {
      if (product[at - 1] !== mark) return true;
    }
    return false;
  };
  return MARKS.find(mark => isToken(mark) && !products.some(product => joinsBefore(mark, product)));
}

/** The string of a byte's token: `<0x00>` to `<0xFF>`. */
export function byteToken(byte: number): string {
  return `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`;
}

const BYTE_TOKEN = /^<0x([0-9A-F]{2})>$/i;

/** The byte of a byte's token; −1 for another token. */
export function byteOf(token: string): number {
  const match = BYTE_TOKEN.exec(token);
  return match ? parseInt(match[1], 16) : -1;
}
