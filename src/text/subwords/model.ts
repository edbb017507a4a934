/** Cuts a piece of text, which is not empty, into tokens of its vocabulary. */
export interface Model {
  /** The strings of the vocabulary, by the numbers that `tokenize` gives. */
  readonly tokens: readonly string[];
  /**
   * Gives the tokens of a piece to `put`, in order: a number by `tokens`, or, for characters of the piece without a token, those
   * characters where the reference library gives them as they are.
   */
  tokenize(piece: string, put: (token: number | string) => void): void;
  /** A character before which a piece may be cut, behind another character, without any change of tokens. */
  readonly cutsBefore?: string | undefined;
}

/** The marks of a word's beginning: SentencePiece's, and a space as text and in the byte-level alphabet. */
const MARKS = ['▁', ' ', 'Ġ'];

/**
 * A mark that no merge joins to another character before it, and that is a token: the text before the mark and the text that
 * begins with it are merged apart, so a long piece may be cut there and its parts be remembered.
 *
 * @param isToken whether a text is in the vocabulary.
 * @param products the texts that merges make.
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
