import { expect, test } from 'vitest';
import { clusteringBytes } from '#kneser/src/count/exchange.js';
import { train } from '#kneser/src/index.js';
import { temporaryFolder } from '../support/models.js';

const folder = temporaryFolder('exchange');

test('classes that need more than the allowed memory are refused before any text is read', async () => {
  expect(clusteringBytes(4000)).toBeGreaterThan(64 << 18);
  const text = {
    *[Symbol.iterator](): Generator<string> {
      expect.unreachable('the text was read');
    },
  };
  const training = train({ sentences: text, out: `${folder}/m`, classes: 4000, memory: 64 << 20 });
  await expect(training).rejects.toMatchObject({ code: 'KNESER_LIMIT' });
});
