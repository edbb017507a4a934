import fc from 'fast-check';
import { parquetWriteBuffer, type ColumnSource } from 'hyparquet-writer';
import { existsSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { sparkImport, train, verify, type TrainOptions } from '#kneser/src/index.js';
import { randomNumbers, temporaryFolder, type WithoutOut } from '../support/models.js';
import { expectSamePairs, readPairs } from '../support/pairs.js';
import { countJob, writeJob, writeTable, type CountedJob, type JobForm, type JobText } from '../support/spark-job.js';

const folder = temporaryFolder('spark-import');
let names = 0;
const fresh = (): string => join(folder, `file-${names++}`);

/** 60 sentences of 12 words that occur unequally often. */
const SENTENCES = (() => {
  const random = randomNumbers(7);
  const word = (): string => 'abcdefghijkl'[Math.floor(12 * random() ** 3)];
  return Array.from({ length: 60 }, () => Array.from({ length: Math.floor(7 * random()) }, word));
})();

async function imported(counted: CountedJob, form: JobForm = {}): Promise<string> {
  const [job, out] = [fresh(), fresh()];
  writeJob(job, counted, form);
  await sparkImport({ job, out });
  return out;
}

/** Imports a text that was counted by definition, and compares with training on it. */
async function expectAsTrained(
  text: JobText,
  options: Omit<WithoutOut<TrainOptions>, 'files' | 'sentences'>,
  form?: JobForm,
): Promise<void> {
  const [model, out] = [await imported(countJob(text), form), fresh()];
  await train({ sentences: text.sentences, out, threads: 1, order: text.order, ...options });
  expectSamePairs(await readPairs(model), await readPairs(out));
  expect((await verify(model)).sound).toBe(true);
}

describe('an imported job is the model of its text, key for key', () => {
  const texts = fc
    .array(fc.array(fc.constantFrom('a', 'b', 'c', 'é', '\uFEFFx', '\u00A0', '<unk>'), { maxLength: 6 }), {
      minLength: 1,
      maxLength: 12,
    })
    .filter(sentences => sentences.flat().length > 0);

  test('for any text and order', async () => {
    await fc.assert(
      fc.asyncProperty(texts, fc.integer({ min: 1, max: 4 }), async (sentences, order) => {
        await expectAsTrained({ sentences, order }, {});
      }),
      { numRuns: 6 },
    );
  });

  test.each<[string, Partial<JobText>, Omit<WithoutOut<TrainOptions>, 'files' | 'sentences'>]>([
    ['skip patterns', { order: 4, skip: ['1_1', '1__1', '1_11', '11_1'] }, { patterns: { skip: true } }],
    ['thresholds', { order: 4, prune: [0, 1, 1, 2] }, { prune: [0, 1, 1, 2] }],
    ['a threshold of the highest order', { order: 3, prune: [0, 0, 1] }, { prune: [0, 0, 1] }],
    ['the most frequent words', { limit: 5 }, { vocabulary: { kind: 'limit', limit: 5 } }],
    ['words seen often', { atLeast: 9 }, { vocabulary: { kind: 'frequency', atLeast: 9 } }],
  ])('with %s', async (_name, job, options) => {
    await expectAsTrained({ sentences: SENTENCES, order: 3, ...job }, options);
  });

  test.each<JobForm>([
    { rowsAFile: 7 },
    { pageSize: 64, encoding: 'PLAIN' },
    { pageSize: 100, encoding: 'DELTA_BINARY_PACKED' },
    { codec: 'UNCOMPRESSED', counts: 'INT32' },
  ])('written as %o', async form => {
    await expectAsTrained({ sentences: SENTENCES, order: 3 }, {}, form);
  });
});

describe('a folder that differs from the output of a job is refused, and no model is written', () => {
  const counted = countJob({ sentences: SENTENCES, order: 3 });

  /** The error of importing a folder that `damage` changed. */
  async function refusal(
    damage: (model: string) => void,
    job = counted,
    form: JobForm = { rowsAFile: 40 },
  ): Promise<{ code: string; message: string }> {
    const [path, out] = [fresh(), fresh()];
    damage(writeJob(path, job, form));
    const error = await sparkImport({ job: path, out }).then(
      () => expect.unreachable('the import succeeded'),
      (reason: unknown) => reason as { code: string; message: string },
    );
    expect(existsSync(out)).toBe(false);
    return error;
  }

  const partsOf = (path: string): string[] =>
    readdirSync(path)
      .filter(name => name.startsWith('part-'))
      .sort();

  /** Replaces the first part of the table of 2-grams by two rows, of which only the context and the word are right. */
  const rewritten =
    (last: ColumnSource, isRepeated = false) =>
    (model: string): void => {
      const numbers = { type: 'INT32' as const, data: [1, 3], nullable: false };
      const columnData: ColumnSource[] = [
        { name: 'c1', ...numbers },
        { name: 'w', ...numbers },
        { nullable: false, ...last },
      ];
      const bytes = Buffer.from(parquetWriteBuffer({ columnData }));
      // In the footer, the field of the repetition (0x25: 0 for REQUIRED, 4 for REPEATED) stands before the name n (0x18).
      if (isRepeated) bytes[bytes.lastIndexOf(Uint8Array.of(0x25, 0, 0x18, 1, 0x6e)) + 1] = 4;
      writeFileSync(join(model, '11', partsOf(join(model, '11'))[0]), bytes);
    };

  test.each<[string, RegExp, (model: string) => void]>([
    ['a job that has not begun', /totals: there is no _SUCCESS/, model => rmSync(join(model, 'totals', '_SUCCESS'))],
    [
      'a job that has not ended',
      /the job is not finished/,
      model => writeFileSync(join(model, 'totals', partsOf(join(model, 'totals'))[0]), ''),
    ],
    ['a table without _SUCCESS', /111: there is no _SUCCESS in it/, model => rmSync(join(model, '111', '_SUCCESS'))],
    ['a missing part', /11: holds \d+ n-grams/, model => rmSync(join(model, '11', partsOf(join(model, '11'))[1]))],
    [
      'a missing part of the words',
      /vocabulary: holds 0 words/,
      model => rmSync(join(model, 'vocabulary', partsOf(join(model, 'vocabulary'))[0])),
    ],
    [
      'a file cut short',
      /part-00001.*: damaged or cut short/,
      model => truncateSync(join(model, '111', partsOf(join(model, '111'))[1]), 200),
    ],
    [
      'a file with other bytes',
      /part-00000.*: damaged or cut short/,
      model => {
        const path = join(model, '111', partsOf(join(model, '111'))[0]);
        writeFileSync(
          path,
          readFileSync(path).map((byte, at) => (at > 20 && at < 90 ? 255 : byte)),
        );
      },
    ],
    [
      'parts in a wrong order',
      /11: row \d+ does not come after/,
      model => {
        const [first, second] = partsOf(join(model, '11')).map(name => join(model, '11', name));
        const [a, b] = [readFileSync(first), readFileSync(second)];
        writeFileSync(first, b);
        writeFileSync(second, a);
      },
    ],
    [
      'other counts',
      /11: holds (\d+) n-grams with counts of \d+ in all, and the job wrote \1 with/,
      model => {
        const { distances, rows } = counted.tables['11'];
        rmSync(join(model, '11'), { recursive: true });
        writeTable(join(model, '11'), {
          distances,
          rows: rows.map((row, at) => (at === 3 ? [...row.slice(0, -1), 77] : row)),
        });
      },
    ],
  ])('%s', async (_name, message, damage) => {
    const error = await refusal(damage);
    expect(error).toMatchObject({ code: 'KNESER_INPUT_SPARK', message: expect.stringMatching(message) as string });
  });

  test.each<[string, RegExp, JobForm | ((model: string) => void)]>([
    [
      'numbers in an encoding that is not read',
      /part-00000[^:]*: kneser does not read numbers in the encoding BYTE_STREAM_SPLIT, which the column id has; write/,
      { encoding: 'BYTE_STREAM_SPLIT' },
    ],
    [
      'a column of another type',
      /: the column n is DOUBLE \(REQUIRED\), but must be INT32 or INT64 with one value a row$/,
      rewritten({ name: 'n', type: 'DOUBLE', data: [1.5, 2] }),
    ],
    [
      'a column with several values a row',
      /: the column n is INT32 \(REPEATED\), but must be INT32 or INT64 with one value a row$/,
      rewritten({ name: 'n', type: 'INT32', data: [1, 2] }, true),
    ],
    [
      'a missing column',
      /: there is no column n, only c1, w, m$/,
      rewritten({ name: 'm', type: 'INT32', data: [1, 2] }),
    ],
  ])('%s', async (_name, message, change) => {
    const error = await (typeof change === 'function' ? refusal(change) : refusal(() => undefined, counted, change));
    expect(error).toMatchObject({
      code: 'KNESER_INPUT_PARQUET',
      message: expect.stringMatching(message) as string,
    });
    expect(error.message).not.toContain('damaged');
  });

  test.each<[string, RegExp, (rows: number[][]) => void]>([
    ['rows that do not ascend', /row 5 does not come after/, rows => void rows.splice(3, 2, rows[4], rows[3])],
    ['a row twice', /row 4 does not come after/, rows => void rows.splice(3, 0, rows[2])],
    ['a word that there is not', /row 1 does not come after/, rows => void rows.splice(0, 1, [2, 2, 999, 1])],
    ['a row without its context', /row 1 does not come after/, rows => void rows.unshift([0, 2, 4, 1])],
  ])('%s', async (_name, message, change) => {
    const rows = [...counted.tables['111'].rows];
    change(rows);
    const error = await refusal(() => undefined, {
      ...counted,
      tables: { ...counted.tables, 111: { distances: [1, 2], rows } },
    });
    expect(error).toMatchObject({ code: 'KNESER_INPUT_SPARK', message: expect.stringMatching(message) as string });
  });

  test.each([
    ['a count of more than 32 bits', 2 ** 32, /the column n holds 4294967296/],
    ['counts of a context that add up to more', 2 ** 32 - 1, /the counts of a context add up to 8,589/],
  ])('%s', async (_name, count, message) => {
    const { distances, rows } = counted.tables['111'];
    const large = rows.map((row, at) => (at < 2 ? [...row.slice(0, -1), count] : row));
    const tables = { ...counted.tables, 111: { distances, rows: large } };
    const error = await refusal(() => undefined, { ...counted, tables });
    expect(error).toMatchObject({ code: 'KNESER_LIMIT', message: expect.stringMatching(message) as string });
  });

  test('words out of order, and a word twice', async () => {
    const words = [...counted.words];
    [words[2], words[5]] = [
      { ...words[5], id: words[2].id },
      { ...words[2], id: words[5].id },
    ];
    expect((await refusal(() => undefined, { ...counted, words })).message).toMatch(/the frequencies do not fall/);
    const twice = counted.words.map(entry => (entry.id === 6 ? { ...entry, word: counted.words[2].word } : entry));
    expect((await refusal(() => undefined, { ...counted, words: twice })).message).toMatch(/occurs twice/);
  });

  test('no folder, another folder, another version of the form', async () => {
    await expect(sparkImport({ job: join(folder, 'nowhere'), out: fresh() })).rejects.toMatchObject({
      code: 'KNESER_INPUT_MISSING',
    });
    await expect(sparkImport({ job: folder, out: fresh() })).rejects.toMatchObject({ code: 'KNESER_INPUT_MISSING' });
    await expect(sparkImport({ job: 'hdfs:///job', out: fresh() })).rejects.toMatchObject({ code: 'KNESER_OPTION' });
    const other = await refusal(() => undefined, { ...counted, plan: { ...counted.plan, format: 2 } });
    expect(other.code).toBe('KNESER_VERSION');
  });
});

test.skip('jobs that Spark itself runs: npm run test:spark', () => undefined);
