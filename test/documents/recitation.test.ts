import { expect, test } from 'vitest';
import { train as trainModel, type RecitationReport } from '#kneser/src/index.js';
import { CommandLine } from '../support/command-line.js';
import { randomNumbers } from '../support/models.js';

const cli = new CommandLine('recitation-cli');

test('a model recites what it has seen, and knows planted strings', async () => {
  const words = Array.from({ length: 40 }, (_, i) => `w${i}`);
  const random = randomNumbers(3);
  const line = (length: number): string => Array.from({ length }, () => words[Math.floor(40 * random())]).join(' ');
  const seen = Array.from({ length: 30 }, () => line(20));
  const trap = line(10);
  const model = cli.fresh();
  await trainModel({ sentences: [...seen, ...new Array<string>(3).fill(trap)], out: model, order: 4 });
  const file = (lines: readonly string[]): string =>
    cli.file(lines.map(text => `${JSON.stringify({ text })}\n`).join(''), '.jsonl');
  const [items, others] = [file([...seen.slice(0, 10), 'too short']), file(Array.from({ length: 10 }, () => line(20)))];
  const traps = file([trap, line(10)]);
  const args = [
    'overlap',
    '--model',
    model,
    '--test',
    items,
    '--rewritten',
    others,
    '--unseen',
    others,
    '--trap',
    traps,
  ];
  const [report] = await cli.json<RecitationReport>([...args, '--n', '3']);
  expect(report.original).toMatchObject({ items: 11, tooShort: 1 });
  expect(report.original.accuracy).toBeGreaterThan(0.9);
  expect(report.rewritten?.accuracy).toBeLessThan(0.1);
  expect(report.unseen).toEqual(report.rewritten);
  const [original, rewritten] = [report.original.perplexity ?? NaN, report.rewritten?.perplexity ?? NaN];
  expect(report.gap?.perplexity).toBeCloseTo((rewritten - original) / rewritten, 12);
  for (const { accuracy, similarAccuracy, rougeAccuracy } of [report.original, report.rewritten ?? report.original]) {
    expect(similarAccuracy).toBeGreaterThanOrEqual(accuracy ?? NaN);
    expect(rougeAccuracy).toBeGreaterThanOrEqual(accuracy ?? NaN);
  }
  const clean = cli.fresh();
  await trainModel({ sentences: seen, out: clean, order: 4 });
  const [compared] = await cli.json<RecitationReport>([...args, '--against', clean]);
  expect(compared.traps?.[0].ratio).toBeLessThan(0.5);
  expect(compared.traps?.[1].ratio).toBeGreaterThan(0.5);
  expect(report.traps?.[0].p).toBe(0.001);
  expect(report.traps?.[1].p).toBeGreaterThan(0.01);
  expect(await cli.print(args)).toContain('A gap alone proves nothing');
  expect(await cli.refuse(2, [...args, '--min-hits', '2'])).toMatch(/--min-hits: belongs to --train/);
  expect(await cli.refuse(2, [...args, '--train', items])).toMatch(/--train: excludes --model/);
  expect(await cli.refuse(2, ['overlap', '--test', items])).toMatch(/--train: is missing/);
  const alone = ['overlap', '--model', model, '--trap', traps];
  const [planted] = await cli.json<RecitationReport>(alone);
  expect(planted.traps).toEqual(report.traps);
  expect(planted.original).toMatchObject({ items: 0, accuracy: null, perplexity: null });
  expect(await cli.print(alone)).toMatch(/^trap +perplexity +ratio +p\n/);
  expect(await cli.refuse(2, [...alone, '--rewritten', others])).toMatch(/--rewritten: belongs to --test/);
  expect(await cli.refuse(2, ['overlap', '--model', model])).toMatch(/--test: is missing; .*--trap/);
});
