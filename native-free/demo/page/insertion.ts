/** Punctuation marks without a space before them, and marks without a space after them. */
const CLOSING = /^[\p{Pe}\p{Pf}.,;:!?%…]+$/u;
const OPENING = /[\p{Ps}\p{Pi}]$/u;

/**
 * The replacement that inserts a suggested token: the text from the place `from` up to the cursor is replaced by `text`.
 *
 * @param before the text up to the cursor.
 * @param partial the beginning of the token, if the user has typed it.
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
