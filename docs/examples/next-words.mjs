// Prints the three most probable next words, and how much each pattern contributes: 111 means trigrams, 11 bigrams.
import { LanguageModel, train } from 'kneser';

const [text = 'text.txt'] = process.argv.slice(2);
await train({ files: [text], out: 'example-trigrams', order: 3, force: true });
const model = await LanguageModel.open('example-trigrams');
for (const { token, probability, explanation } of await model.predict('of the', { top: 3, explain: true })) {
  const parts = explanation.patterns.map(part => `${part.pattern} ${part.probability.toFixed(4)}`);
  console.log(token.padEnd(12), probability.toFixed(4), parts.join(', '));
}
await model.close();
