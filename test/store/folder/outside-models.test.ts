import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { exportArpa, pack, prune, train, verify } from '#kneser/src/index.js';
import { temporaryFolder } from '../../support/models.js';

test('nothing is written into the folder of a model', async () => {
  const folder = temporaryFolder('outside-models');
  const model = join(folder, 'model');
  await train({ sentences: ['the cat sat', 'the dog sat'], out: model, order: 2 });
  // A file of the same name that is no pointer does not make a folder a model.
  writeFileSync(join(folder, 'kneser.json'), '{}');
  const inside = join(model, 'deep', 'inside');
  const works = [
    () => prune({ model, out: inside, prune: [0, 1] }),
    () => exportArpa({ model, file: `${inside}.arpa` }),
    () => pack({ model, out: `${inside}.kneser` }),
    () => train({ sentences: ['a'], out: inside, order: 2 }),
  ];
  for (const work of works) {
    await expect(work()).rejects.toMatchObject({
      code: 'KNESER_OPTION',
      message: expect.stringContaining('is inside the model') as string,
    });
  }
  expect((await verify(model)).sound).toBe(true);
});
