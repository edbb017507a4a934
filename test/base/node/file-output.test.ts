import { openSync, readFileSync, writeSync } from 'node:fs';
import { once } from 'node:events';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { FileOutput, isRegularFile } from '#kneser/src/base/node/file-output.js';
import { temporaryFolder } from '../../support/models.js';

const folder = temporaryFolder('file-output');
const open = (name: string): number => openSync(join(folder, name), 'w');

test('a file gets all bytes, although each call takes only some of them', async () => {
  const output = new FileOutput(open('whole'), (file, bytes, from) =>
    writeSync(file, bytes, from, Math.min(3, bytes.length - from)),
  );
  output.write('ab');
  output.end(Buffer.from('cdefghij'));
  await once(output, 'finish');
  expect(readFileSync(join(folder, 'whole'), 'utf8')).toBe('abcdefghij');
});

test('a disk that becomes full within a chunk is an error', async () => {
  let room = 4;
  const output = new FileOutput(open('full'), (_, bytes, from) => {
    if (room === 0) throw Object.assign(new Error('no space left'), { code: 'ENOSPC' });
    const taken = Math.min(room, bytes.length - from);
    room -= taken;
    return taken;
  });
  output.end('abcdefghij');
  await expect(once(output, 'finish')).rejects.toMatchObject({ code: 'ENOSPC' });
});

test('a folder is not a file', () => {
  expect(isRegularFile(open('some'))).toBe(true);
  expect(isRegularFile(openSync(folder, 'r'))).toBe(false);
  expect(isRegularFile(1 << 20)).toBe(false);
});
