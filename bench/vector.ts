/**
 * `npm run bench:vector -- [--train FILE --test FILE] [--order 5] [--window 3] [--skip] [--seed 1] [--json]`: measures how often n-gram
 * perplexity vectors find the one corrupted token of a held-out sentence, compared with the surprisal of tokens; and how well their
 * features tell corrupted sentences from others, compared with perplexity.
 */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { prepareBrown } from '../corpora/brown.js';
import { print, printTable, whole } from '../src/cli/output.js';
import { LanguageModel, train } from 'kneser';
import { LineReader } from '../src/text/formats/lines.js';
import { splitTokens } from '../src/text/tokens.js';
import { checkInterrupted, runCommand, UsageError } from './command.js';
import { corrupt, CORRUPTIONS, findCorrupted, MISTAKES, WAYS, type Corrupted } from './corruption.js';
import { detect } from './detection.js';
import { randomNumbers } from '../src/base/random.js';

/** The fewest tokens of a sentence: in a shorter sentence, chance often finds the right window. */
const LEAST_TOKENS = 10;
/** Other words are drawn from about this many tokens at the beginning of the training text. */
const MOST_WORDS = 1_000_000;

await runCommand('bench:vector', async (folder, signal) => {
  const { values } = parseArgs({
    options: {
      train: { type: 'string' },
      test: { type: 'string' },
      order: { type: 'string', default: '5' },
      window: { type: 'string', default: '3' },
      skip: { type: 'boolean', default: false },
      seed: { type: 'string', default: '1' },
      json: { type: 'boolean', default: false },
    },
  });
  if (!values.train !== !values.test) throw new UsageError('give both --train and --test, or neither');
  const [order, window, seed] = [values.order, values.window, values.seed].map(Number);
  if (!Number.isInteger(seed)) throw new UsageError('--seed takes a whole number');
  const texts = values.train && values.test ? { train: values.train, test: values.test } : await brown(folder);
  const out = join(folder, 'model');
  const mixture = values.skip ? { patterns: { skip: true }, classes: 300, holdOut: 0.02 } : {};
  await train({ files: [texts.train], out, order, ...mixture, signal });

  const words = (await readTokens(texts.train, MOST_WORDS)).flat();
  const heldOut = await readTokens(texts.test, Infinity);
  const sentences = heldOut.filter(tokens => tokens.length >= LEAST_TOKENS);
  const model = await LanguageModel.open(out);
  const loaded = await model.load();
  await model.close();
  await checkInterrupted(signal);
  const results = CORRUPTIONS.map(corruption => {
    const random = randomNumbers(seed);
    const corrupted: Corrupted[] = [];
    for (const tokens of sentences) {
      const sentence = corrupt(tokens, corruption, words, random);
      if (sentence) corrupted.push(sentence);
    }
    return { corruption, sentences: corrupted.length, rates: findCorrupted(loaded, corrupted, window) };
  });
  await checkInterrupted(signal);
  const detections = MISTAKES.map(corruption => ({
    corruption,
    ...detect(loaded, heldOut, corruption, { window, words, random: randomNumbers(seed) }),
  }));
  if (values.json) {
    await print(JSON.stringify({ order, window, smoothing: model.info.smoothing, seed, results, detections }) + '\n');
    return 0;
  }
  const numbers = results.map(result => `${whole(result.sentences)} sentences with ${result.corruption}`).join(', ');
  await print(`order ${order}, ${model.info.smoothing}, windows of ${window} tokens; ${numbers}; %\n\n`);
  await printTable(
    ['highest', ...CORRUPTIONS.flatMap(corruption => [`${corruption}: in window`, 'exact'])],
    WAYS.map(way => [way, ...results.flatMap(({ rates }) => [percent(rates[way].covered), percent(rates[way].exact)])]),
  );
  const { sentences: halves } = detections[0];
  await print(`\n${whole(halves)} sentences, every other one corrupted in one place: area under the ROC curve\n\n`);
  await printTable(
    ['mistake', 'perplexity', 'vector features'],
    detections.map(({ corruption, scalar, vector }) => [corruption, scalar.toFixed(3), vector.toFixed(3)]),
  );
  return 0;
});

async function brown(folder: string): Promise<{ train: string; test: string }> {
  const prepared = await prepareBrown(folder);
  return { train: prepared.train, test: prepared.heldOut };
}

/** The first sentences of a text, with about `most` tokens. */
async function readTokens(path: string, most: number): Promise<string[][]> {
  const sentences: string[][] = [];
  let tokens = 0;
  for await (const line of new LineReader(path).lines()) {
    const sentence = splitTokens(line);
    sentences.push(sentence);
    tokens += sentence.length;
    if (tokens >= most) break;
  }
  return sentences;
}

function percent(share: number): string {
  return (100 * share).toFixed(1);
}
