/**
 * `npm run bench:distribution -- --model DIR --text FILE`: how long the distribution after a history takes, with its entropy and the rank
 * of the word that follows, for tokens of a text, tables loaded; beside it a pass over the whole vocabulary.
 */
import { parseArgs } from 'node:util';
import { printTable } from '../src/cli/output.js';
import { LanguageModel } from '../src/index.js';
import { BOS, NONE } from '../src/text/tokens.js';
import { machine, runCommand, UsageError } from './command.js';
import { readSentences } from './text.js';

/** About how many tokens are measured, after a warm-up with the same tokens. */
const TOKENS = 4000;
/** How many of them are also measured by a pass over the vocabulary. */
const DENSE = 20;

await runCommand('bench:distribution', async () => {
  const { values } = parseArgs({ options: { model: { type: 'string' }, text: { type: 'string' } } });
  if (values.model === undefined || values.text === undefined) throw new UsageError('give --model DIR and --text FILE');
  await using model = await LanguageModel.open(values.model);
  const loaded = await model.load();
  const ids = loaded.info.vocabulary + 2;
  const all = (await readSentences(values.text)).map(sentence => sentence.filter(word => word !== ''));
  const total = all.reduce((sum, sentence) => sum + sentence.length, 0);
  const step = Math.max(1, Math.floor(total / TOKENS));
  const sentences = all.filter((_, i) => i % step === 0);
  const sparse: number[] = [];
  const dense: number[] = [];
  for (const isWarm of [false, true]) {
    let token = 0;
    for (const sentence of sentences) {
      for (let i = 0; i < sentence.length; i++, token++) {
        const history = sentence.slice(0, i);
        const started = performance.now();
        const next = loaded.distribution(history);
        const { entropy } = next;
        next.rank(sentence[i]);
        const time = 1000 * (performance.now() - started);
        if (!isWarm) continue;
        sparse.push(time);
        if (token % Math.ceil(TOKENS / DENSE) !== 0) continue;
        const began = performance.now();
        const words = loaded.nextWords(history, true);
        const own = next.probability(sentence[i]);
        let [sum, above] = [0, 0];
        for (let id = 1; id < ids; id++) {
          const p = id === NONE || id === BOS ? 0 : words.probability(id);
          if (p > 0) sum -= p * Math.log(p);
          if (p > own) above++;
        }
        dense.push(1000 * (performance.now() - began));
        if (Math.abs(sum - entropy) > 1e-9 * entropy) throw new Error(`entropy ${entropy} is not ${sum} (${above})`);
      }
    }
  }
  const row = (name: string, times: number[]): string[] => {
    times.sort((a, b) => a - b);
    return [name, ...[0.1, 0.5, 0.9, 0.99].map(share => times[Math.floor(share * (times.length - 1))].toFixed(0))];
  };
  const { order, vocabulary } = loaded.info;
  process.stdout.write(
    `${Object.values(machine()).join(', ')}; order ${order}, ${vocabulary} types, ${sparse.length} tokens, µs a token\n`,
  );
  await printTable(['', '10 %', 'median', '90 %', '99 %'], [row('entropy and rank', sparse), row('dense pass', dense)]);
  return 0;
});
