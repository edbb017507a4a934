/**
 * `npm run bench:memory -- --model FOLDER --text FILE [--other DIST --other-model FOLDER] [--rounds 5]`: measures loading the tables of a
 * model, and scoring a text with them in one thread. Another build of kneser does the same by turns, and so does modified Kneser-Ney if the
 * model is a mixture. Speeds are tokens a second of processor time, which other work on the machine disturbs least.
 */
import { parseArgs } from 'node:util';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { printTable } from '../src/cli/output.js';
import type * as Kneser from 'kneser';
import type { LanguageModel, LoadedModel, OpenOptions } from 'kneser';
import { runCommand, UsageError } from './command.js';
import { median } from './median.js';

/** A model in memory, and its measurements. */
interface Side {
  readonly name: string;
  readonly model: LanguageModel;
  readonly loaded: LoadedModel;
  readonly seconds: number;
  readonly cpuSeconds: number;
  /** Tokens a second of processor time, by round. */
  readonly rates: number[];
  log10Prob: number | null;
}

await runCommand('bench:memory', async (_, signal) => {
  const { values } = parseArgs({
    options: {
      model: { type: 'string' },
      text: { type: 'string' },
      other: { type: 'string' },
      'other-model': { type: 'string' },
      rounds: { type: 'string', default: '5' },
    },
  });
  const { model, text, other, rounds } = values;
  if (!model || !text || !(Number(rounds) % 2 === 1))
    throw new UsageError('give --model, --text, and an odd number of --rounds');
  if (values['other-model'] && !other) throw new UsageError('--other-model belongs to --other');
  const own = await import('kneser');
  const sides = [await load('this build', own, model, {})];
  if (other) sides.push(await load('other build', await buildAt(other), values['other-model'] ?? model, {}));
  if (sides[0].model.info.smoothing === 'glm')
    sides.push(await load('this build, mkn', own, model, { smoothing: 'mkn' }));
  for (let round = 0; round < Number(rounds); round++) {
    for (const side of sides) {
      signal.throwIfAborted();
      const before = process.cpuUsage();
      const { tokens, log10Prob } = await side.loaded.perplexityOfFile(text, { threads: 1 });
      side.rates.push(tokens / process.cpuUsage(before).user);
      side.log10Prob = log10Prob;
    }
  }
  const rows = sides.map(({ name, seconds, cpuSeconds, rates, log10Prob }) => [
    name,
    seconds.toFixed(1),
    cpuSeconds.toFixed(1),
    median(rates).toFixed(2),
    Math.max(...rates).toFixed(2),
    (median(rates) / median(sides[0].rates)).toFixed(2),
    String(log10Prob),
  ]);
  await printTable(['', 'load s', 'load CPU s', 'M tokens/CPU s', 'best', 'ratio', 'Σ log10 p'], rows);
  for (const side of sides) await side.model.close();
  return 0;
});

async function buildAt(dist: string): Promise<typeof Kneser> {
  return (await import(pathToFileURL(resolve(dist, 'src/index.js')).href)) as typeof Kneser;
}

async function load(name: string, build: typeof Kneser, path: string, options: OpenOptions): Promise<Side> {
  const model = await build.LanguageModel.open(path, options);
  const started = performance.now();
  const before = process.cpuUsage();
  const loaded = await model.load();
  const { user, system } = process.cpuUsage(before);
  const seconds = (performance.now() - started) / 1000;
  return { name, model, loaded, seconds, cpuSeconds: (user + system) / 1e6, rates: [], log10Prob: null };
}
