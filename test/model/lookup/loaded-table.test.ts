import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LanguageModel, train } from '#kneser/src/index.js';
import { loadedTables } from '#kneser/src/model/lookup/loaded-table.js';
import { LargeCounts, largeCount, roomFor, linkedTables } from '#kneser/src/model/lookup/regions.js';
import { loadTables } from '#kneser/src/model/lookup/table-loader.js';
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
        // Loading fails where a table overflows its room.
        const memories = await loadTables(store, words, types, () => undefined);
        memories.forEach(({ data }, i) => {
          expect(data.length).toBe(roomFor(words[i], types, linkedTables(words, i).length));
        });
      },
    ),
    { numRuns: 8 },
  );
});
