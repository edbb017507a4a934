/** Makes tokens a text: `Splitter.join`. */
export type Join = (tokens: readonly string[]) => string;

/** The text that tokens add to the tokens before them. */
export function joinAfter(join: Join, before: readonly string[], tokens: readonly string[]): string {
  const context = join(before);
  const all = join([...before, ...tokens]);
  return all.startsWith(context) ? all.slice(context.length) : join(tokens);
}

const ENDS_WHITE = /\s$/;

/**
 * Whether a text ends with white space that its tokens do not tell, so that the space of the next token would be a second one.
 *
 * @param tokens the last tokens of the text.
 */
export function hasUntoldSpace(join: Join, text: string, tokens: readonly string[]): boolean {
  return tokens.length > 0 && ENDS_WHITE.test(text) && !ENDS_WHITE.test(join(tokens));
}

/** An unfinished character at the end of a text is decoded as one or more of these. */
const REPLACEMENTS = /\ufffd+$/;
/** So many tokens are held back at most: a character has four bytes. */
const MOST_HELD = 4;

/** Makes tokens a text one by one. The bytes of an unfinished character are held back. */
export class TextStream {
  /** Tokens whose text was given, then tokens of which some text is held back. */
  private tokens: string[] = [];
  /** How many of `tokens` come before those that are held back. */
  private settled = 0;
  /** How much of the text of `tokens` was given [UTF-16 units]. */
  private given = 0;

  /** @param before tokens before the first, whose text was given. */
  constructor(
    private readonly join: Join,
    before: readonly string[] = [],
  ) {
    for (const token of before) this.push(token);
    this.given = this.join(this.tokens).length;
  }

  /** Takes the next token. @returns the text that is certain. */
  push(token: string): string {
    this.tokens.push(token);
    const text = this.join(this.tokens);
    const unfinished = this.tokens.length - this.settled < MOST_HELD ? text.search(REPLACEMENTS) : -1;
    const isWhole = unfinished < 0;
    const end = isWhole ? text.length : unfinished;
    const added = text.slice(this.given, end);
    this.given = Math.max(this.given, end);
    if (isWhole) {
      // What a token adds depends on the tokens before it: spaces, and bytes of one character. The tokens since the last whole character tell.
      this.tokens = this.tokens.slice(this.settled);
      this.settled = this.tokens.length;
      this.given = this.join(this.tokens).length;
    }
    return added;
  }

  /** The text that was held back, when no more tokens come. */
  end(): string {
    const text = this.join(this.tokens).slice(this.given);
    this.tokens = [];
    this.settled = 0;
    this.given = 0;
    return text;
  }
}
