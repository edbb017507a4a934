import { lstatSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { writeAtomically } from '#kneser/src/base/node/atomic.js';
import { temporaryFolder } from '../../support/models.js';

const folder = temporaryFolder('atomic');

test('writing leaves neither a half-written file nor a temporary one behind', async () => {
  writeFileSync(join(folder, 'kept.txt'), 'before');
  function* failing(): Generator<string> {
    yield 'half';
    throw new Error('stop');
  }
  await expect(writeAtomically(join(folder, 'kept.txt'), failing())).rejects.toThrow('stop');
  expect(readFileSync(join(folder, 'kept.txt'), 'utf8')).toBe('before');
  expect(readdirSync(folder)).toEqual(['kept.txt']);
});

test('a link stays, and the file at its end is written', async () => {
  const links = join(folder, 'links');
  await writeAtomically(join(links, 'file'), ['before']);
  symlinkSync('file', join(links, 'link'));
  symlinkSync('new', join(links, 'dangling'));
  for (const [link, file] of [
    ['link', 'file'],
    ['dangling', 'new'],
  ]) {
    await writeAtomically(join(links, link), ['after']);
    expect(lstatSync(join(links, link)).isSymbolicLink()).toBe(true);
    expect(readFileSync(join(links, file), 'utf8')).toBe('after');
  }
  expect(readdirSync(links).sort()).toEqual(['dangling', 'file', 'link', 'new']);
});
