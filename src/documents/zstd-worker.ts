import { parentPort } from 'node:worker_threads';
import { Zstd } from '@hpcc-js/wasm-zstd';

// A thread that compresses chunks to one frame of zstd: each chunk is answered with the bytes that are ready, 'end' with the last ones.
if (parentPort) {
  const port = parentPort;
  const zstd = await Zstd.load();
  zstd.reset();
  zstd.setCompressionLevel(zstd.defaultCLevel());
  port.on('message', (chunk: Uint8Array | 'end') => {
    port.postMessage(chunk === 'end' ? zstd.compressEnd() : zstd.compressChunk(chunk));
  });
}
