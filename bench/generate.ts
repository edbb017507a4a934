/**
 * `PYTHON=… npm run bench:generate`: tokens a second drawn from a model of the Brown corpus, and beside it NLTK's `generate` and
 * markovify on the same text, if that Python has them. `npm run bench:generate -- --model DIR` draws from another model, whose text is not
 * known: it runs without Python.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { printTable } from '../src/cli/output.js';
import { LanguageModel, type GenerateOptions, type LoadedModel } from 'kneser';
import { checkInterrupted, machine, runCommand } from './command.js';
import { prepareText } from './text.js';

const ROOT = join(import.meta.dirname, '../..');
/** How many tokens are drawn and timed, after a warm-up with the same number of tokens. */
const TOKENS = 50_000;
const KINDS: readonly (readonly [string, GenerateOptions, number])[] = [
  ['plain', {}, TOKENS],
  ['top-k 40', { topK: 40 }, TOKENS / 5],
  ['min-p 0.05', { minP: 0.05 }, TOKENS / 5],
  ['top-p 0.95', { topP: 0.95 }, TOKENS / 25],
  ['mirostat 5', { mirostat: 5 }, TOKENS / 25],
];

async function speed(model: LoadedModel, options: GenerateOptions, tokens: number): Promise<number> {
  let rate = 0;
  for (const seed of [1, 2]) {
    let drawn = 0;
    const started = performance.now();
    for await (const text of model.generate({ ...options, tokens, seed })) drawn += text.tokens.length;
    rate = (1000 * drawn) / (performance.now() - started);
  }
  return rate;
}

await runCommand('bench:generate', async (folder, signal) => {
  const { values } = parseArgs({ options: { model: { type: 'string' } } });
  const text = values.model === undefined ? await prepareText(folder, Infinity, signal) : undefined;
  await using model = await LanguageModel.open(values.model ?? (await text?.model()) ?? '');
  const loaded = await model.load();
  const rows: string[][] = [];
  for (const [name, options, tokens] of KINDS) {
    await checkInterrupted(signal);
    rows.push([`kneser, ${name}`, Math.round(await speed(loaded, options, tokens)).toLocaleString('en')]);
  }
  await loaded.close();
  const { PYTHON } = process.env;
  if (PYTHON !== undefined && text) {
    const { stdout, stderr } = spawnSync(PYTHON, [join(ROOT, 'bench/generate.py'), text.train], { encoding: 'utf8' });
    if (stdout === '') throw new Error(stderr);
    for (const [name, rate] of JSON.parse(stdout) as [string, number][])
      rows.push([name, rate.toFixed(rate < 10 ? 2 : 0)]);
  }
  process.stdout.write(
    `${Object.values(machine()).join(', ')}; ${text ? 'Brown corpus' : values.model}, order ${loaded.info.order}, tables loaded\n`,
  );
  await printTable(['', 'tokens/s'], rows);
  return 0;
});
