/** Marks that stand at the word before them, and marks that the word after them stands at. */
const CLOSING = /^[\p{Pe}\p{Pf}.,;:!?%…]+$/u;
const OPENING = /[\p{Ps}\p{Pi}]$/u;

/**
 * How a suggested token goes into a text: what replaces the text from a place on up to the cursor.
 *
 * @param before the text up to the cursor. @param partial the beginning of the token that is there already.
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
