import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { IdStream } from '#kneser/src/count/id-stream.js';
import { scratchFiles } from '#kneser/src/count/scratch-files.js';
import { temporaryFolder } from '../support/models.js';

const folder = temporaryFolder('id-stream');

test('an id stream yields the ids that it got, from memory or from disk', () => {
  const length = 5 * (1 << 18) + 17;
  for (const memory of [0, 1 << 20, 3 << 20, 1 << 30]) {
    const stream = new IdStream(join(folder, `ids-${memory}`), memory, scratchFiles);
    for (let i = 0; i < length; i++) stream.push((i * 7) % 1000);
    for (const consume of [false, false, true]) {
      let at = 0;
      let wrong = 0;
      for (const piece of stream.pieces(consume)) for (const id of piece) if (id !== (at++ * 7) % 1000) wrong++;
      expect([at, wrong]).toEqual([length, 0]);
    }
    stream.close();
  }
  expect(readdirSync(folder).filter(name => name.startsWith('ids-')).length).toBe(3);
});
