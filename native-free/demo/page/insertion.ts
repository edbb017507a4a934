/** Punctuation marks without a space before them, and marks without a space after them. */
const CLOSING = /^[\p{Pe}\p{Pf}.,;:!?%…]+$/u;
const OPENING = /[\p{Ps}\p{Pi}]$/u;

/**
 * Inserts a suggested token: the result says from which place on the text before the cursor is replaced, and by which text.
 *
 * @param before the text up to the cursor.
 * @param partial the beginning of the token, if it was typed already.
 */
export function insertion(
  before: string,
  partial: string,
  token: string,
): { readonly from: number; readonly text: string } {
  const start = before.length - partial.length;
  const kept = before.slice(0, start);
  const spaces = / *$/.exec(kept)?.[0].length ?? 0;
  if (token === '</s>') return { from: start - spaces, text: '\n' };
  const from = CLOSING.test(token) ? start - spaces : start;
  const text = before.slice(0, from);
  const joined = text === '' || /\s$/.test(text) || CLOSING.test(token) || OPENING.test(text);
  return { from, text: `${joined ? '' : ' '}${token}${OPENING.test(token) ? '' : ' '}` };
}
