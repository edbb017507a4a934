import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import { pack, sparkImport, train, type SparkPlanOptions } from '#kneser/src/index.js';
import { jobTables } from '#kneser/src/spark/counting-sql.js';
import { JobFolder } from '#kneser/src/spark/job-folder.js';
import { formatPattern, parsePattern } from '#kneser/src/tables/pattern.js';

const COUNTER = fileURLToPath(new URL('count.py', import.meta.url));

/** A text that Spark counted, and with which options. */
export interface Counted extends Pick<SparkPlanOptions, 'order' | 'patterns' | 'prune' | 'vocabulary' | 'skipBlank'> {
  readonly text: string;
  readonly job: string;
}

/** The parts of a packed model that say when it was made, and its digest: bytes 24 to 59 (docs/packed.md). */
const MADE = { from: 24, to: 60 };

/** Expects that the model of a job and a model trained here, both packed, differ only in the time when they were made. */
export async function expectSameModel({ text, job, ...options }: Counted): Promise<void> {
  const [imported, trained] = [`${job}-imported`, `${job}-trained`];
  await sparkImport({ job, out: imported });
  await train({ files: [text], out: trained, ...options });
  const [a, b] = await Promise.all(
    [imported, trained].map(async model => {
      await pack({ model, out: `${model}.kneser` });
      return readFileSync(`${model}.kneser`).fill(0, MADE.from, MADE.to);
    }),
  );
  expect(Buffer.compare(a, b)).toBe(0);
}

/** Expects that every row of a job is a row of the independent counter, and in the same order. */
export async function expectCounterAgrees({ text, job, prune, vocabulary, skipBlank }: Counted): Promise<void> {
  const folder = await JobFolder.open(job);
  const patterns = jobTables(folder.job).map(formatPattern);
  const out = `${job}-counter`;
  const flags = [
    ...(prune ? ['--prune', folder.job.prune.join()] : []),
    ...(vocabulary?.kind === 'limit' ? ['--limit', String(vocabulary.limit)] : []),
    ...(vocabulary?.kind === 'frequency' ? ['--at-least', String(vocabulary.atLeast)] : []),
    ...(skipBlank ? ['--skip-blank'] : []),
  ];
  const args = [COUNTER, text, out, String(folder.job.order), patterns.join(), ...flags];
  expect(spawnSync('python3', args, { encoding: 'utf8' })).toMatchObject({ status: 0, stderr: '' });
  for (const pattern of patterns) {
    const names = [...(parsePattern(pattern) ?? []).map(distance => `c${distance}`), 'w', 'n'];
    await expectRows(folder, pattern, names, join(out, `${pattern}.tsv`));
  }
  await expectRows(folder, 'vocabulary', ['id', 'frequency', 'word'], join(out, 'vocabulary.tsv'));
}

async function expectRows(folder: JobFolder, name: string, columns: readonly string[], path: string): Promise<void> {
  const expected = readFileSync(path);
  const kindOf = (column: string): 'bytes' | 'sum' => (column === 'word' ? 'bytes' : 'sum');
  let at = 0;
  for await (const { length, columns: values } of folder.read(
    name,
    columns.map(column => ({ name: column, kind: kindOf(column) })),
  )) {
    const rows = Array.from({ length }, (_, i) =>
      Buffer.from(
        values
          .map(column => {
            const value = column[i];
            return typeof value === 'number' ? String(value) : Buffer.from(value).toString('latin1');
          })
          .join('\t') + '\n',
        'latin1',
      ),
    );
    const found = Buffer.concat(rows);
    if (Buffer.compare(found, expected.subarray(at, at + found.length)) !== 0) {
      const row = rows.findIndex((bytes, i) => {
        const from = at + rows.slice(0, i).reduce((sum, { length: size }) => sum + size, 0);
        return Buffer.compare(bytes, expected.subarray(from, from + bytes.length)) !== 0;
      });
      expect.unreachable(`${name}: the row ${rows[row].toString().trim()} is not the counter's`);
    }
    at += found.length;
  }
  expect(at).toBe(expected.length);
}
