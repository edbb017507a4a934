import { readAside } from './reading-thread.js';

/** Unpacks zstd data, of one frame or many, in a thread of its own. @throws Error that says why it cannot be. */
export async function* unpackZstdAside(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const { text } of readAside({ kind: 'zstd' }, source)) yield text;
}
