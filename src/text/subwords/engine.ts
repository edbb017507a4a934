/**
 * Makes the object that an engine returns for a token. It is called once for a token of the vocabulary, and each time for a token
 * that is made of characters without a token.
 *
 * @param text the token's string; never empty.
 */
export type MakeToken<T> = (text: string) => T;

/** Cuts texts into tokens as a tokenizer's file says, without special tokens around the text. @typeParam T the token objects */
export interface Engine<T> {
  /** Gives the tokens of a text to `put`, in order. @throws KNESER_TOKENIZER if the file has no token for the text */
  tokenize(text: string, put: (token: T) => void): void;
  /** Frees the tokens that were remembered from earlier texts. */
  forget(): void;
}
