// Scores tokens one by one as they arrive. A state never changes: a decoder keeps one for each hypothesis and may extend it several
// times, with different tokens.
import { LanguageModel, train } from 'kneser';

const [text = 'text.txt'] = process.argv.slice(2);
await train({ files: [text], out: 'example-trigrams', order: 3, force: true });
const model = await LanguageModel.open('example-trigrams');
const loaded = await model.load();
let state = loaded.start();
let total = 0;
for (const token of ['It', 'was', 'in', 'the', 'city', '.', '</s>']) {
  const { log10Prob, state: next } = loaded.extend(state, token);
  total += log10Prob;
  state = next;
  console.log(token.padEnd(6), total.toFixed(4));
}
console.log('at once', loaded.score('It was in the city .').log10Prob.toFixed(4));
await model.close();
