/** Finds stop texts in a text that arrives in pieces. */
export class StopScanner {
  /** The end of the text so far, which may be the beginning of a stop text. */
  private held = '';

  /** @param stops the stop texts, none of them empty. */
  constructor(private readonly stops: readonly string[]) {}

  /** Takes the next piece. @returns the text that is certain, and whether a stop text follows it. */
  push(piece: string): { readonly text: string; readonly stopped: boolean } {
    const text = this.held + piece;
    let first = -1;
    for (const stop of this.stops) {
      const at = text.indexOf(stop);
      if (at >= 0 && (first < 0 || at < first)) first = at;
    }
    if (first >= 0) {
      this.held = '';
      return { text: text.slice(0, first), stopped: true };
    }
    const held = this.longestBeginning(text);
    this.held = text.slice(text.length - held);
    return { text: text.slice(0, text.length - held), stopped: false };
  }

  /** The text that was held back, when no more text comes. */
  rest(): string {
    const { held } = this;
    this.held = '';
    return held;
  }

  /** The length of the longest end of a text that is the beginning of a stop text. */
  private longestBeginning(text: string): number {
    let longest = 0;
    for (const stop of this.stops) {
      for (let length = Math.min(stop.length - 1, text.length); length > longest; length--) {
        if (text.endsWith(stop.slice(0, length))) longest = length;
      }
    }
    return longest;
  }
}
