import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { mergeRange, type MergePlan } from '#kneser/src/count/merge-range.js';
import { train } from '#kneser/src/index.js';
import { openModel } from '#kneser/src/model/open-model.js';
import { MANIFEST_KEY } from '#kneser/src/store/keys.js';
import type { ModelStore } from '#kneser/src/store/store.js';
import { decodeBlock } from '#kneser/src/tables/block.js';
import { readDictionary } from '#kneser/src/tables/dictionary-reader.js';
import { decodeManifest, wordIds, type Manifest } from '#kneser/src/tables/manifest.js';
import { workOnRanges } from '#kneser/src/tables/node/range-threads.js';
import type { EncodedBlock } from '#kneser/src/tables/table-writer.js';
import type { WordRange } from '#kneser/src/tables/word-ranges.js';
import { describeSubtrees } from '#kneser/src/train/stages/merge-tables.js';
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

describe('merging in ranges of words', () => {
  let whole: Opened;
  let parts: Opened[];

  beforeAll(async () => {
    const texts = [0, 1, 2].map(sentencesOf);
    whole = await opened('whole', texts.flat());
    parts = [];
    for (const [i, text] of texts.entries()) parts.push(await opened(`part-${i}`, text));
  });

  /** Merges by ranges, and reads the rows of each table. */
  async function merged(ranges: readonly WordRange[], threads: number): Promise<Map<string, string[]>> {
    const types = wordIds(whole.manifest);
    const models: MergePlan['models'][number][] = [];
    for (const { store, manifest, words } of parts) {
      const ids = new Uint32Array(wordIds(manifest));
      for (const [word, id] of words) ids[id] = whole.words.get(word) ?? 0;
      models.push({ ...(await describeSubtrees(store, ORDER, ids)), times: 1 });
    }
    const unigrams = new Uint32Array(new SharedArrayBuffer(4 * types));
    const plan: MergePlan = { order: ORDER, models, types, unigrams };
    const stores = parts.map(({ store }) => store);
    const blocks = ranges.map((): EncodedBlock[] => []);
    const take = (range: number, ready: readonly EncodedBlock[]): Promise<void> => {
      blocks[range].push(...ready);
      return Promise.resolve();
    };
    const none = (): void => undefined;
    if (threads === 0) {
      for (const [i, range] of ranges.entries()) await mergeRange(stores, plan, range, ready => take(i, ready), none);
    } else {
      const worker = new URL(import.meta.resolve('#kneser/src/count/merging-worker.js'));
      await workOnRanges(threads, { name: 'merging', worker, stores, plan, ranges, take, end: none, onRows: none });
    }
    const rows = new Map<string, string[]>(whole.manifest.tables.map(({ pattern }) => [pattern, []]));
    for (const { table, value } of blocks.flat()) {
      const { contexts, contextCount, starts, words, counts } = decodeBlock(value, table.length - 1);
      for (let c = 0; c < contextCount; c++) {
        const context = contexts.map(column => column[c]);
        for (let i = starts[c]; i < starts[c + 1]; i++)
          rows.get(table)?.push([...context, words[i], counts[i], 0, 0].join(' '));
      }
    }
    for (let id = 0; id < types; id++) if (unigrams[id] > 0) rows.get('1')?.push([id, unigrams[id], 0, 0].join(' '));
    return rows;
  }

  test.for([0, 2])('three models are the model of their texts (%i threads)', async threads => {
    const expected = await readRows(whole.store, whole.manifest);
    const all = { from: 0, to: 2 ** 32 };
    expect(await merged([all], threads)).toEqual(expected);
    const cuts = [3, 5, 6, 20, 21, 60, 300, 1000].map((from, i, list) => ({ from, to: list.at(i + 1) ?? 2 ** 32 }));
    expect(await merged([{ from: 0, to: 3 }, ...cuts], threads)).toEqual(expected);
  });

  test('a damaged block is named', async () => {
    const [first, ...others] = parts;
    const getMany: ModelStore['getMany'] = async keys =>
      (await first.store.getMany(keys)).map(value => value && Uint8Array.from(value, byte => byte ^ 1));
    const models = parts;
    parts = [{ ...first, store: { ...first.store, getMany } }, ...others];
    await expect(merged([{ from: 0, to: 2 ** 32 }], 0)).rejects.toMatchObject({ code: 'KNESER_DAMAGED' });
    parts = models;
  });
});
