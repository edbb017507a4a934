import { expect, test } from 'vitest';
import { peek } from '#kneser/src/text/formats/peek.js';

test('the first bytes are right if a source reuses one buffer', async () => {
  const text = 'a line that comes in small pieces, and then its end\nanother';
  async function* source(): AsyncGenerator<Uint8Array> {
    const buffer = new Uint8Array(7);
    for (let at = 0; at < text.length; at += 7) {
      const piece = Buffer.from(text.slice(at, at + 7));
      // As a file is read: the next piece comes later.
      buffer.set(await Promise.resolve(piece));
      yield buffer.subarray(0, piece.length);
    }
  }
  const { head, chunks } = await peek(source());
  expect(Buffer.from(head).toString()).toBe(text.slice(0, head.length));
  let read = '';
  for await (const chunk of chunks) read += Buffer.from(chunk).toString();
  expect(read).toBe(text);
});
