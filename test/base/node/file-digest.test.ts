import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { crc32ByTable, digestFile } from '#kneser/src/base/node/file-digest.js';
import { temporaryFolder } from '../../support/models.js';

const folder = temporaryFolder('file-digest');
const encoder = new TextEncoder();

describe('digest of files', () => {
  test('is CRC-32, with or without the function of Node', () => {
    expect(crc32ByTable(encoder.encode('123456789'), 0)).toBe(0xcbf43926);
    expect(crc32ByTable(encoder.encode('6789'), crc32ByTable(encoder.encode('12345'), 0))).toBe(0xcbf43926);
  });

  test('of a file in several chunks', async () => {
    const path = join(folder, 'digested');
    const bytes = Buffer.alloc((1 << 20) + 12_345, 'some text ');
    writeFileSync(path, bytes);
    expect(await digestFile(path)).toBe(crc32ByTable(bytes, 0).toString(16).padStart(8, '0'));
  });
});
