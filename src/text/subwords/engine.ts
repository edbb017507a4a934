/**
 * Makes the token objects that an engine returns: called once for each token of the vocabulary, and each time for characters
 * without a token.
 *
 * @param text the token's string; never empty.
 */
export type MakeToken<T> = (text: string) => T;

/** Cuts texts into tokens as a tokenizer's file says, with no special tokens around the text. */
export interface Engine<T> {
  /** Gives the tokens of a text to `put`, in order. @throws KNESER_TOKENIZER if the file has no token for the text */
  tokenize(text: string, put: (token: T) => void): void;
  /** Frees the remembered tokens of the texts so far. */
  forget(): void;
}
