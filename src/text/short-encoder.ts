const encoder = new TextEncoder();

/**
 * Encodes short texts as UTF-8, each into the same buffer. It copies ASCII itself, because a call of `TextEncoder` costs more than
 * to copy a word, above all in browsers: in Chromium such calls would take half of the time of scoring.
 */
export class ShortEncoder {
  /** The buffer. It begins with the bytes of the last text; a text that does not fit replaces it by a larger one. */
  bytes: Uint8Array<ArrayBuffer> = new Uint8Array(256);

  /** @returns the length of the text in UTF-8, in bytes. */
  encode(text: string): number {
    const { length } = text;
    // A UTF-16 unit takes at most three bytes of UTF-8.
    if (3 * length > this.bytes.length) this.bytes = new Uint8Array(6 * length);
    const { bytes } = this;
    for (let i = 0; i < length; i++) {
      const code = text.charCodeAt(i);
      if (code >= 0x80) return encoder.encodeInto(text, bytes).written;
      bytes[i] = code;
    }
    return length;
  }
}
