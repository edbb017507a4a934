import { CLOSING_MARK, OPENING_MARK } from '../marks.js';

/** Matches a text of closing punctuation marks. */
const CLOSING = new RegExp(`^${CLOSING_MARK}+$`, 'u');
/** Matches a text that ends with an opening punctuation mark. */
const OPENING = new RegExp(`${OPENING_MARK}$`, 'u');

/**
 * The replacement that inserts a suggested token: the text from offset `from` [UTF-16 code units] up to the caret is replaced by `text`.
 *
 * @param before the text up to the caret.
 * @param partial the beginning of the token that the user has typed; may be empty.
 */
export function insertion(
  before: string,
  partial: string,
  token: string,
): { readonly from: number; readonly text: string } {
  const start = before.length - partial.length;
  const unchanged = before.slice(0, start);
  const spaces = / *$/.exec(unchanged)?.[0].length ?? 0;
  if (token === '</s>') return { from: start - spaces, text: '\n' };
  const from = CLOSING.test(token) ? start - spaces : start;
  const text = before.slice(0, from);
  const needsNoSpace = text === '' || /\s$/.test(text) || CLOSING.test(token) || OPENING.test(text);
  return { from, text: `${needsNoSpace ? '' : ' '}${token}${OPENING.test(token) ? '' : ' '}` };
}
