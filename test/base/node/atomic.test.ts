import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
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
