import { LanguageModel, train } from '../src/index.js';
import { prepareBrown } from './brown.js';

/**
 * The program that `npm run quickstart` runs: prepares the Brown corpus, trains models of the orders 1 to 5, measures them on held-out
 * text, and scores a sentence.
 */
const FOLDER = 'models';
const SENTENCE = 'The jury praised the administration of the city .';
const HIGHEST = 5;

const say = (text: string): void => console.log(text);

const brown = await prepareBrown(FOLDER);
say(`The Brown corpus: ${brown.sentences} sentences, ${brown.tokens} tokens; every tenth sentence is held out.\n`);
say('order   n-grams   held-out perplexity   without OOVs');
for (let order = 1; order <= HIGHEST; order++) {
  const out = `${FOLDER}/brown-${order}`;
  const report = await train({ files: [brown.train], out, order, force: true });
  const model = await LanguageModel.open(out);
  const { perplexity, perplexityExcludingOov } = await model.perplexityOfFile(brown.heldOut);
  await model.close();
  const ngrams = report.tables.reduce((sum, table) => sum + table.types, 0);
  const figures = [perplexity, perplexityExcludingOov].map(value => (value ?? NaN).toFixed(2));
  say(`${order}${String(ngrams).padStart(14)}${figures[0].padStart(22)}${figures[1].padStart(15)}`);
}

const model = await LanguageModel.open(`${FOLDER}/brown-${HIGHEST}`);
const score = await model.score(SENTENCE);
await model.close();
say(`\n“${SENTENCE}”\n\ntoken            log10 p   n-gram that matched`);
score.tokens.forEach((token, i) => {
  say(
    `${token.padEnd(14)}${score.log10Probs[i].toFixed(4).padStart(10)}   ${score.matched[i]}${score.oov[i] ? '  OOV' : ''}`,
  );
});
say(`sentence      ${score.log10Prob.toFixed(4).padStart(10)}   perplexity ${(score.perplexity ?? NaN).toFixed(2)}`);
say(`
The model is in ${FOLDER}/brown-${HIGHEST}. What to type next:
  npx kneser inspect ${FOLDER}/brown-${HIGHEST}
  echo 'your own sentence' | npx kneser score ${FOLDER}/brown-${HIGHEST}
  npx kneser perplexity ${FOLDER}/brown-${HIGHEST} ${brown.heldOut}
  npx kneser train YOUR-TEXT.txt --out ${FOLDER}/mine`);
