/** Punctuation marks without a space before them, and marks without a space after them. */
const CLOSING = /^([.,;:!?%)\]}”’]|'(s|ll|re|ve|d|m|t))$/;
const OPENING = /^[([{“‘$]$/;
/** Marks that the tagged Brown corpus has twice in a row. */
const DOUBLED = /^[?!;]$/;

/** Joins the tokens of a sentence of the Brown corpus to ordinary text: with quotation marks, without doubled marks and spaces before marks. */
export function runningText(tokens: readonly string[]): string {
  let text = '';
  let last = '';
  for (const token of tokens) {
    if (token === last && DOUBLED.test(token)) continue;
    const written = token === '``' ? '“' : token === "''" ? '”' : token;
    text += text === '' || CLOSING.test(written) || OPENING.test(last) ? written : ` ${written}`;
    last = written;
  }
  return text;
}
