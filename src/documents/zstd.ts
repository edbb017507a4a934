import { Transform, type Duplex } from 'node:stream';
import * as zlib from 'node:zlib';
import { AnsweringThread } from '../base/node/answering-thread.js';

/** Node's own zstd compressor, which Node has from version 22.15 on. */
const { createZstdCompress } = zlib as { createZstdCompress?: () => Duplex };

/**
 * Makes a stream that compresses to one frame of zstd, by Node's own compressor or by zstd in WebAssembly. The WebAssembly module
 * compresses only one stream at a time, and therefore runs on a thread of its own. (One frame, because some programs stop reading at the
 * end of the first frame.)
 */
export function zstdCompressor(own: (() => Duplex) | null = createZstdCompress ?? null): Duplex {
  if (own) return own();
  const address = new URL('./zstd-worker.js', import.meta.url);
  const thread = new AnsweringThread<Uint8Array | 'end', Uint8Array>(address, undefined, 'compressing');
  return new Transform({
    transform: (chunk: Uint8Array, _, done) => {
      thread.ask(chunk).then(packed => done(null, packed), done);
    },
    flush: done => {
      thread.ask('end').then(packed => done(null, packed), done);
    },
    destroy: (error, done) => {
      thread.close(error ?? new Error('the output was closed')).then(() => done(error), done);
    },
  });
}
