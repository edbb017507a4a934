import { open } from 'node:fs/promises';
import zlib from 'node:zlib';

/** Bytes that are read at one go: they stay in the processor's cache from reading to adding up. */
const CHUNK_BYTES = 1 << 20;

/** CRC-32 of bytes that follow on others. Node computes it at 4 GB/s, from 20.15 on. */
const crc32: (bytes: Uint8Array, before: number) => number = 'crc32' in zlib ? zlib.crc32 : crc32ByTable;

/**
 * The CRC-32 of a file, as 8 hexadecimal digits: against damage, not against people. It finds every damage within 32 bits
 * in a row, and misses one other in four thousand million.
 *
 * @param buffer a buffer of {@link digestBuffer}, for as long as this takes.
 */
export async function digestFile(path: string, buffer = digestBuffer()): Promise<string> {
  const file = await open(path, 'r');
  try {
    let digest = 0;
    for (;;) {
      const { bytesRead } = await file.read(buffer, 0, buffer.length, null);
      if (bytesRead === 0) return hexadecimal(digest);
      digest = crc32(buffer.subarray(0, bytesRead), digest);
    }
  } finally {
    await file.close();
  }
}

/** The same of bytes in memory. */
export function crc32Hex(bytes: Uint8Array): string {
  return hexadecimal(crc32(bytes, 0));
}

function hexadecimal(digest: number): string {
  return digest.toString(16).padStart(8, '0');
}

/** Memory to read a file into: used again for the next one, since new memory costs more than reading. */
export function digestBuffer(): Uint8Array {
  return Buffer.allocUnsafeSlow(CHUNK_BYTES);
}

/** The same where Node has none. */
export function crc32ByTable(bytes: Uint8Array, before: number): number {
  let crc = ~before;
  for (const byte of bytes) crc = (crc >>> 8) ^ TABLE[(crc ^ byte) & 0xff];
  return ~crc >>> 0;
}

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  return crc;
});
