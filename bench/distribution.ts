/**
 * `npm run bench:distribution -- --model DIR --text FILE`: how long the distribution after a history takes, with its entropy and the rank
 * of the word that follows, for tokens of a text, tables loaded: after other text, when some of the contexts come for the first time, and
 * when the same tokens come again. Beside it a pass over the whole vocabulary.
 */
import { parseArgs } from 'node:util';
import { printTable } from '../src/cli/output.js';
import { LanguageModel } from '../src/index.js';
import { BOS, NONE } from '../src/text/tokens.js';
import { machine, runCommand, UsageError } from './command.js';
import { readSentences } from './text.js';

/** About how many tokens are measured, after a warm-up with as many others. */
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
  const step = Math.max(2, Math.floor(total / TOKENS));
  const [others, sentences] = [1, 0].map(rest => all.filter((_, i) => i % step === rest));
  const dense: number[] = [];
  /** Measures the tokens of sentences [µs]. @param isCompared whether some are also measured by a pass over the vocabulary. */
  const measure = (measured: readonly string[][], isCompared: boolean): number[] => {
    const times: number[] = [];
    for (const sentence of measured) {
      for (let i = 0; i < sentence.length; i++) {
        const history = sentence.slice(0, i);
        const started = performance.now();
        const next = loaded.distribution(history);
        const { entropy } = next;
        const rank = next.rank(sentence[i]);
        times.push(1000 * (performance.now() - started));
        if (!isCompared || times.length % Math.ceil(TOKENS / DENSE) !== 1) continue;
        const began = performance.now();
        const words = loaded.nextWords(history, true);
        const own = next.probability(sentence[i]);
        // A compensated sum: plain addition of so many numbers is wrong in the twelfth digit.
        let [sum, lost, above] = [0, 0, 0];
        for (let id = 1; id < ids; id++) {
          const p = id === NONE || id === BOS ? 0 : words.probability(id);
          if (p > 0) {
            const part = -p * Math.log(p) - lost;
            const more = sum + part;
            lost = more - sum - part;
            sum = more;
          }
          if (p > own) above++;
        }
        dense.push(1000 * (performance.now() - began));
        if (Math.abs(sum - entropy) > 1e-12 * entropy) throw new Error(`entropy ${entropy} is not ${sum}`);
        if (rank !== 1 + above) throw new Error(`rank ${rank} is not ${1 + above}`);
      }
    }
    return times;
  };
  measure(others, false);
  const first = measure(sentences, false);
  const again = measure(sentences, true);
  const row = (name: string, times: number[]): string[] => {
    times.sort((a, b) => a - b);
    return [name, ...[0.1, 0.5, 0.9, 0.99].map(share => times[Math.floor(share * (times.length - 1))].toFixed(0))];
  };
  const { order, vocabulary } = loaded.info;
  process.stdout.write(
    `${Object.values(machine()).join(', ')}; order ${order}, ${vocabulary} types, ${first.length} tokens, µs a token\n`,
  );
  await printTable(
    ['', '10 %', 'median', '90 %', '99 %'],
    [row('entropy and rank', first), row('… the same tokens again', again), row('dense pass', dense)],
  );
  return 0;
});
