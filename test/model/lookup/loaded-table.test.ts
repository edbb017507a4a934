import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LanguageModel, train } from '#kneser/src/index.js';
import { loadedTables } from '#kneser/src/model/lookup/loaded-table.js';
import { readTask, runLoadingTask, type LoadingTask } from '#kneser/src/model/lookup/loading-task.js';
import { LoadingThreads } from '#kneser/src/model/lookup/loading-threads.js';
import {
  FLAT,
  flatAt,
  headerFor,
  LargeCounts,
  largeCount,
  lineAt,
  lineCount,
  lineOf,
  RegionCursor,
  SINGLE,
  type TableMemory,
} from '#kneser/src/model/lookup/regions.js';
import { loadTables, type LoadingRunner } from '#kneser/src/model/lookup/table-loader.js';
import { FIRST_LINE, linkedTables, roomFor, shapeOf, slotsOf } from '#kneser/src/model/lookup/table-room.js';
import type { ModelStore } from '#kneser/src/store/store.js';
import { BatchLayout } from '#kneser/src/smoothing/batch.js';
import { COUNT, Evidence } from '#kneser/src/smoothing/evidence.js';
import { wordIds } from '#kneser/src/tables/manifest.js';
import { randomNumbers, temporaryFolder } from '../../support/models.js';

const folder = temporaryFolder('loaded-table');

describe('large counts', () => {
  test('are found in the list of large counts', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.integer({ min: 1, max: 2 ** 31 }), { maxLength: 300 }), rows => {
        const counts = new LargeCounts();
        rows.forEach((row, i) => counts.add(row, i + 2 ** 20));
        rows.forEach((row, i) => expect(largeCount(counts.values, row)).toBe(i + 2 ** 20));
      }),
      { numRuns: 50 },
    );
  });

  test('are found if words take so many bits that a row has room for small counts only', async () => {
    const out = join(folder, 'large');
    const random = randomNumbers(5);
    const word = (): string => `w${Math.floor(30 * random() ** 2)}`;
    const sentences = Array.from({ length: 3000 }, () => `often ${word()} ${word()}`);
    await train({ sentences, out, order: 3 });
    await using model = await LanguageModel.open(out);
    const { parts } = model;
    // With 2^22 word ids a row has 10 bits for its count.
    const words = 2 ** 22;
    const memories = await loadTables(parts.store, parts.words, words, () => undefined);
    const usual = await loadTables(parts.store, parts.words, wordIds(parts.manifest), () => undefined);
    expect(memories.some(({ large }) => large.some(number => number > 1023))).toBe(true);
    expect(usual.every(({ large }) => large.every(number => number === 0))).toBe(true);
    const layout = new BatchLayout(3, 400);
    for (let i = 0; i < 390; i++) layout.push(i % 5 === 4 ? 3 : 4 + Math.floor(20 * random()));
    const { batch } = layout;
    const evidence = [memories, usual].map(tables => {
      const found = new Evidence(tables.length, 400);
      for (const table of loadedTables(tables, 3)) table.look(batch, found);
      return found;
    });
    expect(evidence[0].data).toEqual(evidence[1].data);
    expect(evidence[0].data.some((count, at) => at % 6 === COUNT && count > 1023)).toBe(true);
  });
});

test.each([{}, { smoothing: 'mkn' as const }])(
  'batches of so many short sentences that they are looked up in parts have the scores of single sentences: %j',
  async options => {
    const out = join(folder, `short-${Object.keys(options).length}`);
    const random = randomNumbers(7);
    const word = (): string => `w${Math.floor(20 * random() ** 2)}`;
    const sentences = Array.from({ length: 2000 }, () => `${word()} ${word()} ${word()} ${word()}`);
    await train({ sentences, out, order: 4, patterns: { skip: true } });
    await using model = await LanguageModel.open(out, options);
    const loaded = await model.load();
    const texts = Array.from({ length: 1200 }, (_, i) => (i % 3 === 0 ? `${word()} ${word()}` : word()));
    const path = join(folder, 'short.txt');
    await writeFile(path, texts.join('\n'));
    const { log10Prob } = await loaded.perplexityOfFile(path, { threads: 1 });
    expect(log10Prob).toBeCloseTo(
      texts.reduce((sum, text) => sum + loaded.score(text).log10Prob, 0),
      9,
    );
    await loaded.close();
  },
);

test('tables of any text take no more memory than was estimated', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(fc.constantFrom('a', 'b', 'c', 'd', 'e'), { minLength: 1, maxLength: 9 }), {
        minLength: 3,
        maxLength: 30,
      }),
      fc.boolean(),
      async (lines, skip) => {
        const out = join(folder, 'room');
        await train({
          sentences: lines.map(words => words.join(' ')),
          out,
          order: 3,
          patterns: { skip },
          force: true,
          classes: 0,
          holdOut: 0,
        });
        await using model = await LanguageModel.open(out, { smoothing: skip ? 'glm' : 'mkn' });
        const { store, words, manifest } = model.parts;
        const types = wordIds(manifest);
        const memories = await loadTables(store, words, types, () => undefined);
        memories.forEach(({ data }, i) => {
          expect(data.length).toBeLessThanOrEqual(roomFor(words[i], types, linkedTables(words, i).length));
        });
      },
    ),
    { numRuns: 8 },
  );
});

describe('tasks', () => {
  test('of any number of blocks, on this thread or on others, make the same tables', async () => {
    const out = join(folder, 'tasks');
    const random = randomNumbers(7);
    const word = (): string => `w${Math.floor(400 * random() ** 3)}`;
    const sentences = Array.from({ length: 2500 }, () => Array.from({ length: 6 }, word).join(' '));
    await train({ sentences, out, order: 4, patterns: { skip: true }, classes: 0, holdOut: 0 });
    await using model = await LanguageModel.open(out, { smoothing: 'glm' });
    const { store, words, manifest } = model.parts;
    const load = (runner?: LoadingRunner): Promise<TableMemory[]> =>
      loadTables(store, words, wordIds(manifest), () => undefined, undefined, runner);
    const whole = await load();
    const tasks: LoadingTask[] = [];
    const counting: LoadingRunner = {
      count: 3,
      blocks: 1,
      run: async (task, from) => (tasks.push(task), runLoadingTask(task, await readTask(from, task))),
    };
    expect(await load(counting)).toEqual(whole);
    expect(tasks.length).toBeGreaterThan(3 * words.length);
    const damaged = damagedStore(store, key => key.startsWith('table/1111/'));
    await expect(loadTables(damaged, words, wordIds(manifest), () => undefined)).rejects.toThrow(
      /table 1111, block 0: checksum differs/,
    );
    const { shared } = store;
    if (!shared) throw new Error('the store of a folder can be shared');
    const threads = new LoadingThreads(2, shared, 'model', 2);
    try {
      expect(await load(threads)).toEqual(whole);
      // A thread tells what is wrong with a block.
      await expect(threads.run({ ...tasks[0], first: 99, end: 100 })).rejects.toThrow(
        /, block 99: missing; the model is damaged/,
      );
    } finally {
      await threads.close();
    }
  });

  test('give the regions of any shape places of their own', () => {
    const context = fc.record({
      followers: fc.oneof(fc.integer({ min: 0, max: 30 }), fc.integer({ min: 900, max: 40_000 })),
      pruned: fc.constantFrom(0, 0, 5),
      hasHeader: fc.boolean(),
    });
    const shapes = fc.tuple(fc.integer({ min: 1, max: 12 }), fc.constantFrom(1, 2 ** 30, 2 ** 31));
    fc.assert(
      fc.property(shapes, fc.array(context, { maxLength: 40 }), ([stride, room], contexts) => {
        const shape = shapeOf(stride, room);
        const cursor = new RegionCursor(shape);
        cursor.lines = 1 << shape.lineUnit;
        const behind = FIRST_LINE + ((2 ** 20) << shape.lineShift);
        cursor.flat = behind;
        let [line, flat] = [lineAt(0, shape) + (1 << (shape.lineUnit + shape.lineShift)), behind];
        for (const { followers, pruned, hasHeader } of contexts) {
          const link = cursor.next(followers, pruned, hasHeader);
          const header = (link & SINGLE) === SINGLE ? 0 : headerFor(followers, pruned);
          if (link & FLAT) {
            expect(flatAt(link, shape)).toBeGreaterThanOrEqual(flat);
            flat = flatAt(link, shape) + header + followers * stride;
          } else {
            expect(lineAt(link, shape)).toBeGreaterThanOrEqual(line);
            line = lineAt(link, shape) + (lineCount(link) << shape.lineShift);
            expect(lineCount(link) * slotsOf(shape, header)).toBeGreaterThan(followers);
            expect(lineOf(followers, link)).toBeLessThan(lineCount(link));
          }
          expect(flat).toBeLessThanOrEqual(cursor.flat);
          expect(line).toBeLessThanOrEqual(FIRST_LINE + (cursor.lines << shape.lineShift));
        }
      }),
      { numRuns: 200 },
    );
  });
});

/** A store in which one bit of each value of some keys is another. */
function damagedStore(store: ModelStore, isDamaged: (key: string) => boolean): ModelStore {
  const flip = (key: Uint8Array, value: Uint8Array | undefined): Uint8Array | undefined => {
    if (!value || !isDamaged(Buffer.from(key).toString('latin1'))) return value;
    const changed = value.slice();
    changed[changed.length - 1] ^= 1;
    return changed;
  };
  return {
    name: store.name,
    get: async key => flip(key, await store.get(key)),
    getMany: async keys => (await store.getMany(keys)).map((value, i) => flip(keys[i], value)),
    entries: () => store.entries(),
    close: () => Promise.resolve(),
  };
}
