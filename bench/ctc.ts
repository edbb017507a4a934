/**
 * `PYTHON=… npm run bench:ctc`: the beam search of kneser and of pyctcdecode with KenLM on the same logits and model, by turns, on one
 * core each.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { ctcBeamSearch, importArpa, LanguageModel } from 'kneser';
import { printTable } from '../src/cli/output.js';
import { checkInterrupted, machine, runCommand, UsageError } from './command.js';

const ROOT = join(import.meta.dirname, '../..');
const ARPA = join(ROOT, 'test/fixtures/kenlm.arpa');
const WIDTHS = [1, 10, 100];
const FIXTURES = [
  ['made up', 'cases.json.gz'],
  ['recorded', 'recorded.json.gz'],
] as const;
const ROUNDS = 3;
/** How many times all matrices are decoded in a round. */
const RUNS = 5;

interface Matrix {
  readonly labels: string[];
  readonly logits: number[][];
}

await runCommand('bench:ctc', async (folder, signal) => {
  parseArgs();
  const python = process.env.PYTHON;
  if (python === undefined || spawnSync(python, ['-c', 'import pyctcdecode, kenlm']).status !== 0) {
    throw new UsageError(
      'set PYTHON to a Python that has pyctcdecode and kenlm: pip install pyctcdecode==0.5.0 kenlm==0.3.0 "numpy<2"',
    );
  }
  await importArpa({ file: ARPA, out: join(folder, 'model') });
  const opened = await LanguageModel.open(join(folder, 'model'));
  const model = await opened.load();
  await opened.close();
  process.stdout.write(`${Object.values(machine()).join(', ')}; ms a frame, the best of ${ROUNDS} rounds\n`);
  const rows: string[][] = [];
  for (const [name, file] of FIXTURES) {
    const content = gunzipSync(readFileSync(join(ROOT, 'test/fixtures/ctc', file))).toString();
    const { matrices } = JSON.parse(content) as { matrices: Matrix[] };
    const frames = RUNS * matrices.reduce((sum, { logits }) => sum + logits.length, 0);
    const ours = WIDTHS.map((): number[] => []);
    const theirs = WIDTHS.map((): number[] => []);
    for (let round = 0; round < ROUNDS; round++) {
      await checkInterrupted(signal);
      for (const [i, beamWidth] of WIDTHS.entries()) {
        const started = performance.now();
        for (let run = 0; run < RUNS; run++) {
          for (const { labels, logits } of matrices) ctcBeamSearch(logits, { labels, model, beamWidth });
        }
        ours[i].push((performance.now() - started) / 1000);
      }
      const input = JSON.stringify({ matrices, arpa: ARPA, widths: WIDTHS, runs: RUNS });
      const { stdout, stderr, status } = spawnSync(python, [join(ROOT, 'bench/ctc.py')], { input, encoding: 'utf8' });
      if (status !== 0) throw new Error(stderr);
      for (const [i, seconds] of (JSON.parse(stdout) as number[]).entries()) theirs[i].push(seconds);
    }
    const least = (times: readonly number[]): number => (1000 * Math.min(...times)) / frames;
    for (const [i, width] of WIDTHS.entries()) {
      const [own, other] = [least(ours[i]), least(theirs[i])];
      rows.push([name, String(width), own.toFixed(3), other.toFixed(3), (other / own).toFixed(1)]);
    }
  }
  await printTable(['logits', 'beam width', 'kneser', 'pyctcdecode', 'pyctcdecode / kneser'], rows);
  await model.close();
  return 0;
});
