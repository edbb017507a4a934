// One set of counts, two smoothings: modified Kneser-Ney (mkn) and the mixture over skip patterns (glm, generalized language
// model), whose weights are tuned on every 20th sentence of the training text.
import { LanguageModel, train } from 'kneser';

const [text = 'text.txt', test = 'test.txt'] = process.argv.slice(2);
await train({
  files: [text],
  out: 'example-mixture',
  order: 3,
  patterns: { skip: true },
  classes: 50,
  holdOut: 0.05,
  force: true,
});
for (const smoothing of ['mkn', 'glm']) {
  const model = await LanguageModel.open('example-mixture', { smoothing });
  const { perplexity } = await model.perplexityOfFile(test);
  console.log(`${smoothing}: perplexity ${perplexity.toFixed(2)}`);
  await model.close();
}
