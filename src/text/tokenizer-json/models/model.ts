/** Cuts a piece of text, which is not empty, into tokens of its vocabulary. */
export interface Model {
  /** The strings of the vocabulary, by the numbers that `tokenize` gives. */
  readonly tokens: readonly string[];
  /**
   * Gives the tokens of a piece to `put`, in order: a number by `tokens`, or the text itself where the piece holds something that
   * has no token, and the library gives that text.
   */
  tokenize(piece: string, put: (token: number | string) => void): void;
  /** A character before which a piece may be cut, behind another character, without any change of tokens. */
  readonly cutsBefore?: string | undefined;
}
