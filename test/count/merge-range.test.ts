import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { mergeUnit, type MergedFigures, type MergeUnit } from '#kneser/src/count/merge-range.js';
import { train } from '#kneser/src/index.js';
import { openModel } from '#kneser/src/model/open-model.js';
import { MANIFEST_KEY } from '#kneser/src/store/keys.js';
import type { ModelStore } from '#kneser/src/store/store.js';
import { readDictionary } from '#kneser/src/tables/dictionary-reader.js';
import type { RangeBlock } from '#kneser/src/tables/index-range.js';
import { decodeManifest, wordIds, type Manifest } from '#kneser/src/tables/manifest.js';
import { workOnRanges } from '#kneser/src/tables/node/range-threads.js';
import { contiguous } from '#kneser/src/tables/pattern.js';
import { describeModels } from '#kneser/src/train/stages/merge-tables.js';
import { TrieTables } from '#kneser/src/train/stages/table-output.js';
import { Memory } from '../support/memory-store.js';
import { randomNumbers, temporaryFolder } from '../support/models.js';
import { readRows } from '../support/rows.js';

const folder = temporaryFolder('merge-range');
const random = randomNumbers(16);
const ORDER = 4;

interface Opened {
  readonly store: ModelStore;
  readonly manifest: Manifest;
  readonly words: Map<string, number>;
}

/** Trains a model, and opens it with the id of each word. */
async function opened(name: string, sentences: readonly string[][]): Promise<Opened> {
  await train({ sentences, out: join(folder, name), order: ORDER });
  const { store } = await openModel(join(folder, name));
  const manifest = decodeManifest((await store.get(MANIFEST_KEY)) ?? new Uint8Array());
  const words = new Map<string, number>();
  for await (const { block } of readDictionary(store, manifest)) {
    for (const [i, word] of block.words.entries()) words.set(Buffer.from(word).toString(), block.ids[i]);
  }
  return { store, manifest, words };
}

/** Sentences of words by rank; in the first text the word `w0` has more followers than a block has rows. */
function sentencesOf(text: number): string[][] {
  const word = (): string => `w${Math.floor((100 + 100 * text) ** random())}`;
  const sentences = Array.from({ length: 250 }, () => Array.from({ length: 1 + Math.floor(8 * random()) }, word));
  if (text < 2) for (let i = 0; i < 4200; i += 1 + text) sentences.push(['w0', `x${i}`]);
  return sentences;
}

describe('merging in units of ranges of words', () => {
  let whole: Opened;
  let parts: Opened[];

  beforeAll(async () => {
    const texts = [0, 1, 2].map(sentencesOf);
    whole = await opened('whole', texts.flat());
    parts = [];
    for (const [i, text] of texts.entries()) parts.push(await opened(`part-${i}`, text));
  });

  /** Merges by units. */
  async function merged(units: readonly MergeUnit[], threads: number): Promise<Memory> {
    const types = wordIds(whole.manifest);
    const models = parts.map(({ store, manifest, words }) => {
      const ids = new Uint32Array(wordIds(manifest));
      for (const [word, id] of words) ids[id] = whole.words.get(word) ?? 0;
      return { store, ids, times: 1 };
    });
    const { plan, occurs, words } = await describeModels(models, ORDER, types);
    const stores = parts.map(({ store }) => store);
    const memory = new Memory();
    const output = new TrieTables(memory, ORDER, occurs);
    const [, ...names] = whole.manifest.tables.map(({ pattern }) => pattern);
    const end = (unit: number, figures: MergedFigures): void =>
      output.endPartition(unit, new Map(figures.map(({ contexts }, i) => [names[i], contexts])));
    const none = (): void => undefined;
    if (threads === 0) {
      for (const [i, unit] of units.entries())
        end(i, await mergeUnit(stores, plan, unit, ready => output.putBlocks(i, ready), none));
    } else {
      const worker = new URL(import.meta.resolve('#kneser/src/count/merging-worker.js'));
      const take = (unit: number, ready: readonly RangeBlock[]): Promise<void> => output.putBlocks(unit, ready);
      await workOnRanges(threads, { name: 'merging', worker, stores, plan, ranges: units, take, end, onRows: none });
    }
    await output.endTables([contiguous(ORDER)]);
    const counts = new Uint32Array(types);
    for (const [rank, word] of words.entries()) counts[word] = plan.unigrams[rank];
    await output.putUnigrams(counts);
    return memory;
  }

  test.for([0, 2])('three models are the model of their texts (%i threads)', async threads => {
    const all = { from: 0, to: 2 ** 32 };
    const rows = await merged([{ ...all, cuts: [] }], threads);
    expect(await readRows(rows.read(), whole.manifest)).toEqual(await readRows(whole.store, whole.manifest));
  });

  test('the same ranges make the same blocks, however many are merged at once', async () => {
    const cuts = [3, 5, 6, 20, 21, 60, 300, 1000];
    const alone = [0, ...cuts].map((from, i) => ({ from, to: cuts.at(i) ?? 2 ** 32, cuts: [] }));
    const blocks = await merged(alone, 2);
    expect(await readRows(blocks.read(), whole.manifest)).toEqual(await readRows(whole.store, whole.manifest));
    expect((await merged([{ from: 0, to: 2 ** 32, cuts }], 0)).texts()).toEqual(blocks.texts());
    const pair = [
      { from: 0, to: 21, cuts: [3, 5, 6, 20] },
      { from: 21, to: 2 ** 32, cuts: [60, 300, 1000] },
    ];
    expect((await merged(pair, 0)).texts()).toEqual(blocks.texts());
  });

  test('a damaged block is named', async () => {
    const [first, ...others] = parts;
    const getMany: ModelStore['getMany'] = async keys =>
      (await first.store.getMany(keys)).map(value => value && Uint8Array.from(value, byte => byte ^ 1));
    const models = parts;
    parts = [{ ...first, store: { ...first.store, getMany } }, ...others];
    await expect(merged([{ from: 0, to: 2 ** 32, cuts: [] }], 0)).rejects.toMatchObject({ code: 'KNESER_DAMAGED' });
    parts = models;
  });
});
