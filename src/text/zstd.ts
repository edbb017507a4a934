import { Decompress } from 'fzstd';

/** Bytes unpacked at a time: at most 1,024 empty blocks, of 128 kB each at worst. */
const SLICE_BYTES = 1 << 12;

/**
 * Unpacks zstd data, of one frame or many, with a library that does not look at its checksums. Node's own stream (22.23)
 * stops after the first frame, and takes data that is cut short, without a word.
 */
export async function* unpackZstd(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const ready: Uint8Array[] = [];
  const unpacking = new Decompress(piece => ready.push(piece));
  for await (const chunk of source) {
    for (let at = 0; at < chunk.length; at += SLICE_BYTES) {
      // A copy: what is read is kept until a block is whole.
      unpacking.push(chunk.slice(at, at + SLICE_BYTES));
      yield* ready.splice(0);
    }
  }
  unpacking.push(new Uint8Array(0), true);
  yield* ready.splice(0);
}
