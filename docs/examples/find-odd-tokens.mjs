// Marks the oddest token of each line: the windows of three tokens that contain it have the highest mean perplexity (Škorić 2023).
import { LanguageModel, train } from 'kneser';

const [text = 'text.txt'] = process.argv.slice(2);
await train({ files: [text], out: 'example-trigrams', order: 3, force: true });
const model = await LanguageModel.open('example-trigrams');
for (const line of ['The city banana was in session .', 'He said that the the was high .']) {
  const tokens = line.split(' ');
  const vector = await model.ngramPerplexities(tokens, { window: 3 }); // a value for each token
  const oddest = vector.indexOf(Math.max(...vector));
  console.log(tokens.map((token, i) => (i === oddest ? `[${token}]` : token)).join(' '));
}
await model.close();
