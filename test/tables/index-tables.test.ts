import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { importArpa, train } from '#kneser/src/index.js';
import { openModel } from '#kneser/src/model/open-model.js';
import { MANIFEST_KEY } from '#kneser/src/store/keys.js';
import type { ModelStore } from '#kneser/src/store/store.js';
import { ModelBuilder } from '#kneser/src/tables/builder.js';
import { openCursor } from '#kneser/src/tables/open-cursor.js';
import { indexTables } from '#kneser/src/tables/index-tables.js';
import { decodeManifest, wordIds, type Manifest } from '#kneser/src/tables/manifest.js';
import { IndexingThreads } from '#kneser/src/tables/node/indexing-threads.js';
import { parsePattern } from '#kneser/src/tables/pattern.js';
import { TableWriter, type EncodedBlock } from '#kneser/src/tables/table-writer.js';
import { NONE } from '#kneser/src/text/tokens.js';
import { Memory } from '../support/memory-store.js';
import { randomNumbers, temporaryFolder } from '../support/models.js';
import { readRows } from '../support/rows.js';

const folder = temporaryFolder('index-tables');
const random = randomNumbers(15);
const word = (): string => `w${Math.floor(300 ** random())}`;

/** The rows of a model as counting writes them, without the contexts that have neither followers nor a back-off. */
async function rowsOf(model: string): Promise<{ rows: ModelStore; manifest: Manifest; texts: Map<string, string[]> }> {
  const { store } = await openModel(model);
  const manifest = decodeManifest((await store.get(MANIFEST_KEY)) ?? new Uint8Array());
  const memory = new Memory();
  const builder = new ModelBuilder(memory);
  for (const { pattern } of manifest.tables) {
    const blocks: EncodedBlock[] = [];
    const distances = parsePattern(pattern) ?? [];
    const writer = new TableWriter(pattern, distances.length, block => blocks.push(block));
    const cursor = await openCursor(store, pattern, distances.length, () => undefined);
    for (; !cursor.done; await cursor.advance()) {
      const { context, from, to, words, counts, pruned, log10Probs, backoff } = cursor;
      const length = to - from;
      if (manifest.kind && length === 1 && words[from] === NONE && backoff === 0) continue;
      const numbers = { log10Probs: log10Probs.slice(from, to), backoff };
      const part = [words.slice(from, to), counts.slice(from, to), length, pruned] as const;
      writer.group(context, ...part, manifest.kind ? numbers : undefined);
    }
    writer.flush();
    await builder.putBlocks(0, blocks);
    await builder.putDirectories('words', [distances]);
  }
  const texts = await readRows(store, manifest);
  await store.close();
  return { rows: memory.read(), manifest, texts };
}

async function index(
  from: ModelStore,
  manifest: Manifest,
  threads: number,
  bigramsARange: number,
): Promise<{ memory: Memory; rows: number }> {
  const memory = new Memory();
  const patterns = manifest.tables.map(({ pattern }) => parsePattern(pattern) ?? []);
  const isBackoff = manifest.kind === 'backoff';
  const plan = { patterns, stream: 'words', types: wordIds(manifest), isBackoff, bigramsARange } as const;
  const pool = threads > 0 ? new IndexingThreads(threads) : undefined;
  let rows = 0;
  const figures = await indexTables(from, memory, plan, pool, read => void (rows += read));
  expect([...figures.keys()]).toEqual(manifest.tables.map(({ pattern }) => pattern));
  for (const { pattern, contexts, bare = 0 } of manifest.tables)
    expect(figures.get(pattern)).toEqual({ contexts, bare });
  return { memory, rows };
}

/** A model of counts with a skip pattern, whose followers of `w0` fill several blocks. */
async function counted(): Promise<string> {
  const sentences = Array.from({ length: 400 }, () => Array.from({ length: 1 + Math.floor(9 * random()) }, word));
  for (let i = 0; i < 4200; i++) sentences.push(['w0', `x${i}`]);
  const out = join(folder, 'counted');
  await train({ sentences, out, order: 4, patterns: { list: ['1_1', '11_1'] } });
  return out;
}

/** A back-off model with n-grams that are there for their back-off alone. */
async function backoffs(): Promise<string> {
  const words = Array.from({ length: 40 }, (_, i) => `w${i}`);
  const ngrams = (length: number, count: number): string[] => [
    ...new Set(
      Array.from({ length: count }, () => Array.from({ length }, () => words[Math.floor(40 * random())]).join(' ')),
    ),
  ];
  const twos = ngrams(2, 400);
  const threes = ngrams(3, 300);
  const all = new Set([
    ...twos,
    ...threes.flatMap(text => [text.slice(0, text.lastIndexOf(' ')), text.slice(text.indexOf(' ') + 1)]),
  ]);
  const sections = [
    ['<unk>', '<s>', '</s>', ...words].map(text => `-2\t${text}\t-0.5`),
    [...all].map(text => `-1.5\t${text}`),
    threes.map(text => `-1\t${text}\t-0.25`),
    [`-0.5\t${threes[0]} w1`],
  ];
  const counts = sections.map(({ length }, i) => `ngram ${i + 1}=${length}`);
  const bodies = sections.map((lines, i) => [`\\${i + 1}-grams:`, ...lines, ''].join('\n'));
  writeFileSync(join(folder, 'text.arpa'), ['\\data\\', ...counts, '', ...bodies, '\\end\\', ''].join('\n'));
  const out = join(folder, 'backoffs');
  await importArpa({ file: join(folder, 'text.arpa'), out });
  return out;
}

describe('tables are indexed in ranges of words', () => {
  test.for([
    ['of counts', counted],
    ['with back-offs', backoffs],
  ] as const)('a model %s has the same blocks for any number of threads, and its rows', async ([, make]) => {
    const { rows, manifest, texts } = await rowsOf(await make());
    const { memory: alone, rows: read } = await index(rows, manifest, 0, 60);
    expect(await readRows(alone.read(), manifest)).toEqual(texts);
    for (const threads of [1, 2, 3]) {
      const other = await index(rows, manifest, threads, 60);
      expect(other.rows).toBe(read);
      expect(other.memory.texts()).toEqual(alone.texts());
    }
    const whole = await index(rows, manifest, 2, Infinity);
    expect(await readRows(whole.memory.read(), manifest)).toEqual(texts);
    expect(whole.memory.values.size).toBeLessThan(alone.values.size);
  });

  test('an n-gram without its shorter n-gram is named, also in a thread', async () => {
    const { rows, manifest } = await rowsOf(join(folder, 'counted'));
    const part = { ...manifest, tables: manifest.tables.filter(({ pattern }) => pattern.length < 4) };
    const broken = new Memory();
    const builder = new ModelBuilder(broken);
    const blocks: EncodedBlock[] = [];
    const writer = new TableWriter('111', 2, block => blocks.push(block));
    writer.group(Uint32Array.of(5, 6), Uint32Array.of(299), Uint32Array.of(1), 1);
    writer.flush();
    await builder.putBlocks(0, blocks);
    await builder.putDirectories('words', [[1, 2]]);
    const own = broken.read();
    const mixed = {
      ...rows,
      getMany: async (keys: readonly Uint8Array[]) => {
        const [found, others] = [await own.getMany(keys), await rows.getMany(keys)];
        return found.map((value, i) => value ?? others[i]);
      },
    };
    for (const threads of [0, 2])
      await expect(index(mixed, part, threads, 60)).rejects.toMatchObject({ code: 'KNESER_DAMAGED' });
  });
});
