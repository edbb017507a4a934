import { KneserError, LanguageModel } from './index.js';
import { copyToMemory } from './memory.js';
import { train } from './train.js';

// Trains, scores and predicts in the JavaScript engine that runs this file, and prints the figures as JSON. `npm run test:runtimes`
// runs it in several engines and compares the figures.

const SUBJECTS = ['the cat', 'a dog', 'the old bird', 'nobody', 'my aunt'];
const VERBS = ['sat', 'sleeps', 'sang', 'looked', 'is'];
const PLACES = ['on the mat', 'under the table', 'in the garden', 'here', 'on a branch of the tree'];

const lines: string[] = [];
for (let i = 0; i < 500; i++) {
  const at = (list: readonly string[], step: number): string => list[Math.floor((i * i * step) / 7) % list.length];
  lines.push(`${at(SUBJECTS, 3)} ${at(VERBS, 5)} ${at(PLACES, 11)} .`);
}
const options = { order: 4, patterns: { skip: true }, holdOut: 0.1, text: lines.join('\n') + '\n' };

const found: Record<string, unknown> = {};
for (const worker of typeof Worker === 'function' ? [false, true] : [false]) {
  const { model, report } = await train({ ...options, worker });
  const copy = await copyToMemory(model, { smoothing: 'mkn' });
  const loaded = await model.load();
  const { bytes, tokens, tables } = report;
  found[worker ? 'in a worker' : 'on this thread'] = {
    bytes,
    tokens,
    tables,
    weights: model.info.weights,
    tuned: (await model.score('the old bird sat in the zebra')).log10Prob,
    loaded: loaded.score('the old bird sat in the zebra').log10Prob,
    mkn: (await copy.score('the old bird sat in the zebra')).log10Prob,
    perplexity: (await model.perplexity(lines.slice(0, 50))).perplexity,
    next: (await model.predict('the cat sat', { top: 3 })).map(({ token, probability }) => [token, probability]),
  };
  await model.close();
  await copy.close();
}
found['an error'] = await train({ text: '', worker: false }).then(
  () => 'none',
  (error: unknown) => (error instanceof KneserError ? error.code : String(error)),
);
found['a class'] = typeof LanguageModel;
console.log(JSON.stringify(found));
