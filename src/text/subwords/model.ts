/** Cuts a piece of text, which must not be empty, into tokens of the model's vocabulary. */
export interface Model {
  /** The strings of the vocabulary, by the numbers that `tokenize` gives. */
  readonly tokens: readonly string[];
  /**
   * Gives the tokens of a piece to `put`, in order. A token is an index into `tokens`. Characters without a token are given as a
   * string where the reference library returns their text.
   */
  tokenize(piece: string, put: (token: number | string) => void): void;
  /** A mark, such as `▁`: a piece can be cut before it (but for a run of marks) and its parts tokenized apart with the same result. */
  readonly cutsBefore?: string | undefined;
}

/** Marks that begin a word: `▁` of SentencePiece, a space, and `Ġ`, the space of the byte-level alphabet. */
const MARKS = ['▁', ' ', 'Ġ'];

/**
 * Finds a mark that is a token and that no merge joins to another character before it. No merge then crosses the place before
 * such a mark, so that a long piece can be cut there and the tokens of its parts remembered.
 *
 * @param isToken tells whether a text is in the vocabulary.
 * @param products the text that each merge makes.
 */
export function cutBefore(isToken: (text: string) => boolean, products: readonly string[]): string | undefined {
  const joinsBefore = (mark: string, product: string): boolean => {
    for (let at = product.indexOf(mark, 1); at >= 0; at = product.indexOf(mark, at + 1)) {
      if (product[at - 1] !== mark) return true;
    }
    return false;
  };
  return MARKS.find(mark => isToken(mark) && !products.some(product => joinsBefore(mark, product)));
}

/** The name of a byte's token: `<0x00>` to `<0xFF>`. */
export function byteToken(byte: number): string {
  return `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`;
}
