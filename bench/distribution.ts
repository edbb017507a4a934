/**
 * `npm run bench:distribution -- --model DIR --text FILE`: measures how long a loaded model takes for the distribution after a history, its
 * entropy, and the rank of the word that follows, for tokens of a text. The model first reads other sentences of the text. Then the tokens
 * are measured twice: the first time, some of their contexts are new; the second time, all were seen. For some of the tokens a pass over the
 * whole vocabulary is measured, too, which must give the same entropy and rank.
 */
import { parseArgs } from 'node:util';
import { printTable } from '../src/cli/output.js';
import { LanguageModel } from 'kneser';
import { BOS } from '../src/text/tokens.js';
import { checkInterrupted, machine, runCommand, UsageError } from './command.js';
import { readSentences } from './text.js';

/** About how many tokens are measured, after a warm-up with as many others. */
const TOKENS = 4000;
/** How many of them are also measured by a pass over the vocabulary. */
const DENSE = 20;

await runCommand('bench:distribution', async (_, signal) => {
  const { values } = parseArgs({ options: { model: { type: 'string' }, text: { type: 'string' } } });
  if (values.model === undefined || values.text === undefined) throw new UsageError('give --model DIR and --text FILE');
  await using model = await LanguageModel.open(values.model);
  const loaded = await model.load();
  // All ids are below: those of the vocabulary, that of `<s>`, and 0, which stands for no word.
  const ids = loaded.info.vocabulary + 2;
  const all = (await readSentences(values.text))
    .map(sentence => sentence.filter(word => word !== ''))
    .filter(sentence => sentence.length > 0);
  const total = all.reduce((sum, sentence) => sum + sentence.length, 0);
  if (total === 0) throw new UsageError(`${values.text}: has no tokens`);
  const step = Math.max(2, Math.floor(total / TOKENS));
  const [others, sentences] = [1, 0].map(rest => all.filter((_, i) => i % step === rest));
  const dense: number[] = [];
  /** Measures each token of sentences. @param isCompared whether some are also measured by a pass over the vocabulary. @returns the times [µs]. */
  const measure = async (measured: readonly string[][], isCompared: boolean): Promise<number[]> => {
    const times: number[] = [];
    for (const sentence of measured) {
      await checkInterrupted(signal);
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
          const p = id === BOS ? 0 : words.probability(id);
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
  await measure(others, false);
  const first = await measure(sentences, false);
  const again = await measure(sentences, true);
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
