import { parentPort } from 'node:worker_threads';
import { Zstd } from '@hpcc-js/wasm-zstd';

// The entry of a thread of Node that compresses chunks to one frame of zstd. It answers each chunk with the compressed bytes that are ready, and 'end' with the last bytes.
if (parentPort) {
  const port = parentPort;
  const zstd = await Zstd.load();
  zstd.reset();
  zstd.setCompressionLevel(zstd.defaultCLevel());
  port.on('message', (chunk: Uint8Array | 'end') => {
    port.postMessage(chunk === 'end' ? zstd.compressEnd() : zstd.compressChunk(chunk));
  });
}
