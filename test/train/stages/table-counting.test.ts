import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { scratchFiles } from '#kneser/src/count/scratch-files.js';
import { startThread } from '#kneser/src/count/threads.js';
import { createLevelWriter, openLevelStore } from '#kneser/src/store/folder/leveldb.js';
import { build, fromText } from '#kneser/src/train/build.js';
import { planBuild } from '#kneser/src/train/plan/plan.js';
import { randomNumbers, temporaryFolder } from '../../support/models.js';
import { expectSamePairs, type Pairs } from '../../support/pairs.js';

const folder = temporaryFolder('table-counting');
const random = randomNumbers(23);
/** Words of more than one range; the first has more followers than a block has rows. */
const sentences = Array.from({ length: 30_000 }, (_, i) => [
  ...Array.from({ length: Math.floor(18 * random()) }, () => `w${Math.floor(400 ** random())}`),
  ...(i % 6 === 0 ? ['w0', `x${i}`] : []),
]);
const options = { order: 3 };

/** Builds a model. @returns all its keys and values, and the names of the stores that were written. */
async function built(name: string, memory: number, threads: number): Promise<{ pairs: Pairs; stores: string[] }> {
  const path = join(folder, name);
  mkdirSync(path);
  const place = {
    name: path,
    memory,
    threads,
    startThread,
    scratch: scratchFiles,
    temporary: (file: string) => join(path, file),
    createStore: (kind: string) => createLevelWriter(join(path, kind), memory, false),
    openStore: (kind: string) => openLevelStore(join(path, kind), path),
    putWeights: () => Promise.resolve(),
  };
  await build({}, await planBuild(options), place, fromText({ sentences }));
  const store = await openLevelStore(join(path, 'tables'), path);
  const pairs: Pairs = [];
  for await (const [key, value] of store.entries()) pairs.push([key, value]);
  await store.close();
  return { pairs, stores: readdirSync(path).filter(file => file === 'counted' || file === 'tables') };
}

test('contiguous tables that become tries as they are counted are those made of rows', async () => {
  const rows = await built('rows', 8 << 20, 0);
  expect(rows.stores).toEqual(['counted', 'tables']);
  const tries = await built('tries', 1 << 30, 2);
  expect(tries.stores).toEqual(['tables']);
  expectSamePairs(tries.pairs, rows.pairs);
});
