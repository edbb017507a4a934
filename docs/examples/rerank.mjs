// Orders the hypotheses of a recogniser by its own score and the language model's, log-linearly: the model is in memory, so
// that thousands of hypotheses a second are scored without waiting.
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
