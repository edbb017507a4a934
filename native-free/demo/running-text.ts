/** Marks at the word before them, and at the word after them. */
const CLOSING = /^([.,;:!?%)\]}”’]|'(s|ll|re|ve|d|m|t))$/;
const OPENING = /^[([{“‘$]$/;
/** Marks that the tagged Brown corpus has twice. */
const DOUBLED = /^[?!;]$/;

/** The Brown corpus's tokens as people write them: quotation marks, no marks twice, and no spaces before marks. */
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
