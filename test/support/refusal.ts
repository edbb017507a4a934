import { KneserError } from '#kneser/src/base/errors.js';

/** The message with which a tokenizer's file or a text is refused; `undefined` if nothing is thrown. */
export function tokenizerRefusal(act: () => void): string | undefined {
  try {
    act();
    return undefined;
  } catch (error) {
    if (error instanceof KneserError && error.code === 'KNESER_TOKENIZER') return error.message;
    throw error;
  }
}
