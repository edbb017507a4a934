import { describe, expect, test } from 'vitest';
import { readText } from '#kneser/src/text/formats/index.js';
import { unpackZstd } from '#kneser/src/text/formats/zstd-frames.js';
import { CommandLine } from '../../support/command-line.js';

const cli = new CommandLine('zstd-frames');

/** Made by the zstd program: 3,000 times this line, with a checksum. */
const ZSTD = Buffer.from('KLUv/aSIDQEA/QAAuHRoZSBjYXQgc2F0IG9uIHRoZSBtYXQKAQDdGjSfTd3aXmQ=', 'base64');
const ZSTD_TEXT = 'the cat sat on the mat\n'.repeat(3000);

describe('zstd', () => {
  test('as the program packs it', async () => {
    const chunks: Uint8Array[] = [];
    for await (const chunk of readText(cli.file(ZSTD, '.zst'))) chunks.push(chunk.slice());
    expect(Buffer.concat(chunks).toString()).toBe(ZSTD_TEXT);
  });

  test('is unpacked in small pieces, also at a high compression ratio', async () => {
    // 2,000 blocks of 128 kB that repeat a byte: 256 MB of 8 kB.
    const block = Buffer.from([((131_072 << 3) | 2) & 255, ((131_072 << 3) >> 8) & 255, (131_072 << 3) >> 16, 0x61]);
    const bomb = Buffer.concat([
      // A window size.
      Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x58]),
      ...Array<Buffer>(2000).fill(block),
      Buffer.from([1, 0, 0]),
    ]);
    let [length, most] = [0, 0];
    const source = (async function* () {
      yield await Promise.resolve(bomb);
    })();
    for await (const piece of unpackZstd(source)) {
      length += piece.length;
      most = Math.max(most, piece.length);
    }
    expect([length, most]).toEqual([2000 * 131_072, 131_072]);
  });
});
