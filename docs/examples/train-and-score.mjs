// Trains a trigram model and scores a sentence: for each token log10 p, and the length of its longest n-gram in the model.
import { LanguageModel, train } from 'kneser';

const [text = 'text.txt'] = process.argv.slice(2);
const report = await train({ files: [text], out: 'example-trigrams', order: 3, force: true });
console.log(`${report.sentences} sentences, ${report.tokens} tokens`);

const model = await LanguageModel.open('example-trigrams');
const { tokens, log10Probs, matched, perplexity } = await model.score('The city council was in session .');
tokens.forEach((token, i) => console.log(token.padEnd(12), log10Probs[i].toFixed(4), matched[i]));
console.log(`perplexity ${perplexity.toFixed(2)}`);
await model.close();
