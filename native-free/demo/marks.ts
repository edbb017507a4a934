/** Matches a punctuation mark that has no space before it; a class of a regular expression with the flag `u`. */
export const CLOSING_MARK = String.raw`[\p{Pe}\p{Pf}.,;:!?%…]`;

/** Matches a punctuation mark that has no space after it; a class of a regular expression with the flag `u`. */
export const OPENING_MARK = String.raw`[\p{Ps}\p{Pi}]`;
