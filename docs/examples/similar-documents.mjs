// Sorts documents by perplexity: the lower it is, the more the document is like the training text.
import { LanguageModel, train } from 'kneser';

const [text = 'text.txt', ...files] = process.argv.slice(2);
await train({ files: [text], out: 'example-trigrams', order: 3, force: true });
const model = await LanguageModel.open('example-trigrams');
const documents = files.length > 0 ? files : ['text.txt', 'test.txt'];
const measured = [];
for (const document of documents) {
  const { perplexity } = await model.perplexityOfFile(document);
  measured.push({ document, perplexity: perplexity ?? Infinity });
}
measured.sort((a, b) => a.perplexity - b.perplexity);
for (const { document, perplexity } of measured) console.log(perplexity.toFixed(2), document);
await model.close();
