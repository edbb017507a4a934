import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { blankBlock, encodeBlock } from '#kneser/src/tables/block.js';

it('the block in src/tables/README.md has these bytes', () => {
  const readme = readFileSync(new URL('../../src/tables/README.md', import.meta.url), 'utf8');
  const drawn = /^25ef5613[^`]*/m.exec(readme)?.[0] ?? '';
  // Each line begins with bytes; two spaces end them.
  const bytes = drawn
    .split('\n')
    .map(line => (/^ *((?:[0-9a-f]{2} ?)+)(?= |$)/.exec(line)?.[1] ?? '').replaceAll(' ', ''));
  const block = blankBlock(2, 3, 3);
  block.contextCount = 3;
  block.contexts[0].set([5, 5, 6]);
  block.contexts[1].set([4, 8, 2]);
  block.starts.set([0, 1, 2, 3]);
  block.words.set([7, 9, 4]);
  block.counts.set([1, 3, 2]);
  expect(Buffer.from(encodeBlock(block)).toString('hex')).toBe(bytes.join(''));
});
