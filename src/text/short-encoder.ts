const encoder = new TextEncoder();

/**
 * Encodes one short text after another as UTF-8, in one buffer. A call of `TextEncoder` costs more than copying the bytes of an
 * ASCII word, above all in browsers: in Chromium such calls would take half of the time of scoring.
 */
export class ShortEncoder {
  /** The buffer: the last text's bytes, from the first byte on. A longer text replaces the buffer. */
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
