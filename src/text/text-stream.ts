/** Makes tokens a text: `Splitter.join`. */
export type Join = (tokens: readonly string[]) => string;

/** The text that tokens add to the tokens before them; with the whole character if those end within one. */
export function joinAfter(join: Join, before: readonly string[], tokens: readonly string[]): string {
  const { context, all, added } = joined(join, before, tokens);
  if (added !== undefined) return added;
  const certain = certainLength(context);
  return certain < context.length && all.startsWith(context.slice(0, certain)) ? all.slice(certain) : join(tokens);
}

/** The text of tokens, of these and more, and what the others add: `undefined` if they change the text of the first. */
function joined(
  join: Join,
  before: readonly string[],
  tokens: readonly string[],
): { readonly context: string; readonly all: string; readonly added: string | undefined } {
  const context = join(before);
  const all = join([...before, ...tokens]);
  return { context, all, added: all.startsWith(context) ? all.slice(context.length) : undefined };
}

const ENDS_WHITE = /\s$/;

/**
 * Makes what tokens add to the tokens of a text fit behind the text, if only one of the two ends with white space: a space that no token tells, so that
 * the space of the next token would be a second one, or one that the tokenizer put behind the text, which the text still needs.
 *
 * @param tokens the last tokens of the text.
 */
export function seam(join: Join, text: string, tokens: readonly string[]): (added: string) => string {
  const isOpen = ENDS_WHITE.test(text);
  const isTold = ENDS_WHITE.test(join(tokens));
  if (tokens.length === 0 || isOpen === isTold) return added => added;
  return isTold ? added => (added === '' ? '' : ` ${added}`) : added => added.replace(/^ /, '');
}

/** An unfinished character at the end of a text is decoded as one or more of these. */
const REPLACEMENT = '\ufffd';
/** An unfinished character has at most this many bytes, and so at most this many tokens. */
const MOST_UNFINISHED = 3;
/** Of the tokens whose text was given, at most this many are kept while their text is white space. */
const MOST_BLANK = 16;

/** Makes tokens a text one by one. What may become another character is held back: the end of a text whose last bytes are an unfinished character. */
export class TextStream {
  /**
   * The last tokens whose text was given. What a token adds depends on those before it: bytes of one run, the space after a word, and what is left out
   * at the beginning of a text, which ends at the first character that is not white space.
   */
  private context: string[] = [];
  /** Tokens after them, whose text is held back. */
  private held: string[] = [];
  /** The text of `held` that was given with the tokens before the first. */
  private given = '';
  /** Where the last token begins, from the beginning of the text that its `push` returned or held back [UTF-16 units]. */
  begins = 0;

  /** @param before tokens before the first, whose text was given. */
  constructor(
    private readonly join: Join,
    before: readonly string[] = [],
  ) {
    for (const token of before) this.push(token);
    this.given = this.textOf(this.held);
  }

  /** Takes the next token. @returns the text that is certain. */
  push(token: string): string {
    const before = this.textOf(this.held);
    this.held.push(token);
    const text = this.textOf(this.held);
    const rest = this.ungiven(text);
    this.begins = Math.max(0, commonLength(before, text.slice(0, certainLength(text))) - (text.length - rest.length));
    if (!text.endsWith(REPLACEMENT)) return this.settle(this.held.length, text);
    // An unfinished character is within the last tokens. The text of those before them is certain, unless a character goes across.
    const certain = this.held.length - MOST_UNFINISHED;
    const start = certain > 0 ? this.textOf(this.held.slice(0, certain)) : '';
    return certain > 0 && text.startsWith(start) ? this.settle(certain, start) : '';
  }

  /** The text that was held back, when no more tokens come. */
  end(): string {
    const text = this.ungiven(this.textOf(this.held));
    this.context = [];
    this.held = [];
    this.given = '';
    return text;
  }

  private textOf(tokens: readonly string[]): string {
    if (tokens.length === 0) return '';
    return joined(this.join, this.context, tokens).added ?? this.join(tokens);
  }

  /** A text of held tokens without what was given; all of it if a character was completed, whose beginning was given as U+FFFD. */
  private ungiven(text: string): string {
    const { given } = this;
    return text.startsWith(given) ? text.slice(given.length) : given.startsWith(text) ? '' : text;
  }

  /** Gives the text of the first `count` held tokens. */
  private settle(count: number, text: string): string {
    const settled = this.held.splice(0, count);
    this.context = /\S/.test(text) ? settled : [...this.context, ...settled];
    if (this.context.length > MOST_BLANK) this.context.splice(1, this.context.length - MOST_BLANK);
    const added = this.ungiven(text);
    this.given = this.given.startsWith(text) ? this.given.slice(text.length) : '';
    return added;
  }
}

/** The length of a text without the U+FFFDs at its end. */
function certainLength(text: string): number {
  let { length } = text;
  while (length > 0 && text[length - 1] === REPLACEMENT) length--;
  return length;
}

/** The length of the longest beginning that two texts have in common. */
function commonLength(a: string, b: string): number {
  let length = 0;
  while (length < a.length && a[length] === b[length]) length++;
  return length;
}
