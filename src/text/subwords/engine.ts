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
  /** The text of tokens, as the reference library decodes them. @throws KNESER_TOKENIZER if the file says so in a way that is not supported */
  join(tokens: readonly string[]): string;
  /** Whether `join` puts spaces between tokens that are part of no token. */
  readonly isSpaced: boolean;
  /** The strings of all tokens that the file lists. */
  strings(): Iterable<string>;
  /** Frees the tokens that were remembered from earlier texts. */
  forget(): void;
}
