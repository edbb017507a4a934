/**
 * `npm run bench:mixture -- [--train FILE --valid FILE --test FILE] [--orders 3-6] [--quality fast|best]`: measures perplexity and speed of modified Kneser-Ney
 * (MKN) and of the generalized language model (GLM), the mixture over skip patterns, with equal weights, with tuned weights, and with
 * the cache.
 */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { prepareBrown } from '../corpora/brown.js';
import { printTable } from '../src/cli/output.js';
import { LanguageModel, train, tune, type OpenOptions } from 'kneser';
import { QUALITIES } from '../src/train/plan/mixture-options.js';
import { runCommand, UsageError } from './command.js';

/** Without `--valid`, the share of the training sentences that is held out for tuning. */
const HOLD_OUT = 0.02;

/** The ways to score with one model. */
const WAYS: readonly (readonly [name: string, options: OpenOptions, cache: boolean])[] = [
  ['MKN', { smoothing: 'mkn' }, false],
  ['GLM uniform', { smoothing: 'glm', weights: 'uniform' }, false],
  ['GLM tuned', {}, false],
  ['GLM tuned, cache', {}, true],
];

await runCommand('bench:mixture', async (folder, signal) => {
  const { values } = parseArgs({
    options: {
      train: { type: 'string' },
      valid: { type: 'string' },
      test: { type: 'string' },
      orders: { type: 'string', default: '3-6' },
      quality: { type: 'string', default: 'fast' },
    },
  });
  if (!values.train !== !values.test) throw new UsageError('give both --train and --test, or neither');
  if (values.valid && !values.train) throw new UsageError('--valid belongs to --train and --test');
  const texts = values.train && values.test ? { train: values.train, test: values.test } : await brown(folder);
  const { quality } = values;
  if (quality !== 'fast' && quality !== 'best') throw new UsageError('--quality takes fast or best');
  const { classes, modelM = 0, maxPatterns } = QUALITIES[quality];
  const rows: string[][] = [];
  for (const order of parseOrders(values.orders)) {
    const out = join(folder, 'model');
    const holdOut = values.valid ? 0 : HOLD_OUT;
    const { seconds } = await train({
      files: [texts.train],
      out,
      order,
      patterns: { skip: true, ...(maxPatterns === undefined ? {} : { maxPatterns }) },
      classes,
      modelM,
      holdOut,
      force: true,
      signal,
    });
    if (values.valid) await tune({ model: out, files: [values.valid], signal });
    for (const [name, options, cache] of WAYS) {
      const model = await LanguageModel.open(out, options);
      const loaded = await model.load();
      const { perplexity, perplexityExcludingOov, tokens } = await loaded.perplexityOfFile(texts.test, {
        cache,
        signal,
      });
      const started = performance.now();
      await loaded.perplexityOfFile(texts.test, { cache, signal });
      const rate = tokens / (performance.now() - started);
      await model.close();
      const [all, known] = [perplexity, perplexityExcludingOov].map(figure => (figure ?? NaN).toFixed(2));
      rows.push([`${name}, order ${order}`, all, known, `${rate.toFixed(0)} k`, seconds.toFixed(1)]);
    }
  }
  await printTable(['model', 'perplexity', 'without OOVs', 'tokens/s, loaded', 'training s'], rows);
  return 0;
});

async function brown(folder: string): Promise<{ train: string; test: string }> {
  const prepared = await prepareBrown(folder);
  return { train: prepared.train, test: prepared.heldOut };
}

function parseOrders(text: string): number[] {
  const match = /^(\d+)(?:-(\d+))?$/.exec(text);
  const [, from = '', to = from] = match ?? [];
  if (!match || Number(from) > Number(to)) {
    throw new UsageError('--orders takes one order, such as 5, or a range, such as 3-6');
  }
  return Array.from({ length: Number(to) - Number(from) + 1 }, (_, i) => Number(from) + i);
}
