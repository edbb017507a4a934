/**
 * `npm run bench:gap`: removes one word from held-out sentences of the Brown corpus, and predicts it from the words before it alone, and
 * from both sides. Prints how often the word is the first prediction, and how often it is among the first ten. Sentences of fewer than
 * eight words are left out, and so are removed words that the model does not know: no model can predict them.
 */
import { parseArgs } from 'node:util';
import { printTable } from '../src/cli/output.js';
import { LanguageModel } from 'kneser';
import { checkInterrupted, machine, runCommand } from './command.js';
import { prepareText, readSentences } from './text.js';

/** How many words are removed, each for itself. */
const GAPS = 500;
/** The fewest words of a sentence: fewer say little about a removed one. */
const LEAST_WORDS = 8;
/** Stands in the place of the removed word, for the option `gap` of `predict`: the character ␣, which is no word of the corpus. */
const MARK = '\u2423';

await runCommand('bench:gap', async (folder, signal) => {
  parseArgs();
  const text = await prepareText(folder, Infinity, signal);
  await using model = await LanguageModel.open(await text.model());
  const loaded = await model.load();
  const vocabulary = loaded.vocabulary();
  const sentences = (await readSentences(text.heldOut)).filter(words => words.length >= LEAST_WORDS);
  const hits = { left: [0, 0], both: [0, 0] };
  let [asked, seconds] = [0, 0];
  for (let i = 0; asked < GAPS; i++) {
    await checkInterrupted(signal);
    // GAPS sentences from all over the text, then the same ones again, as often as removed words were left out.
    const words = sentences[Math.floor((i * sentences.length) / GAPS) % sentences.length];
    // 7919, a prime, spreads the removed words over the places of a sentence, and takes another one when a sentence comes again.
    const at = (7919 * (i + 1)) % words.length;
    const removed = words[at];
    if (!vocabulary.has(removed)) continue;
    asked++;
    const left = loaded.predict(words.slice(0, at));
    const started = performance.now();
    const both = loaded.predict([...words.slice(0, at), MARK, ...words.slice(at + 1)], { gap: MARK });
    seconds += (performance.now() - started) / 1000;
    for (const [name, found] of [
      ['left', left],
      ['both', both],
    ] as const) {
      const rank = found.findIndex(({ token }) => token === removed);
      if (rank === 0) hits[name][0]++;
      if (rank >= 0) hits[name][1]++;
    }
  }
  process.stdout.write(
    `${Object.values(machine()).join(', ')}; ${asked} words removed, ${(seconds / asked).toFixed(3)} s a gap\n`,
  );
  await printTable(
    ['', 'accuracy@1', 'accuracy@10'],
    (['left', 'both'] as const).map(name => [
      name === 'left' ? 'from the words before' : 'from both sides',
      ...hits[name].map(count => (count / asked).toFixed(3)),
    ]),
  );
  return 0;
});
