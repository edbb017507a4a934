// Sorts the hypotheses of a speech recogniser by log10 p of the recogniser + WEIGHT · log10 p of the language model. The model's tables
// are loaded into memory, which scores thousands of hypotheses a second.
import { LanguageModel, train } from 'kneser';

const WEIGHT = 0.8; // of the language model
const hypotheses = [
  { words: 'it was a the city of', log10Prob: -3.1 },
  { words: 'it was in the city of', log10Prob: -3.2 },
  { words: 'it was inn the city of', log10Prob: -3.0 },
];

const [text = 'text.txt'] = process.argv.slice(2);
await train({ files: [text], out: 'example-trigrams', order: 3, force: true });
const model = await LanguageModel.open('example-trigrams');
const loaded = await model.load();
const ranked = hypotheses
  .map(({ words, log10Prob }) => ({ words, total: log10Prob + WEIGHT * loaded.score(words).log10Prob }))
  .sort((a, b) => b.total - a.total);
for (const { words, total } of ranked) console.log(total.toFixed(2), words);
await model.close();
