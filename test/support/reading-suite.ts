import type { LanguageModel, OpenOptions } from '#kneser/native-free/index.js';

/**
 * Reads every figure of a model as plain data. Every way of reading the model must give the same figures, to the last bit. This
 * file imports nothing, so that it runs in a browser too.
 */

/** Opens the model that is read, which has skip patterns, classes, tuned weights, and words in upper and lower case. */
export type Opener = (options?: OpenOptions) => Promise<LanguageModel>;

/** Compares two values of plain data, and throws if they differ. */
export type Check = (what: string, actual: unknown, expected: unknown) => void;

const SENTENCES = [
  'the cat sat on the mat',
  'The Cat sat on the zebra .',
  '',
  'w1 w2 w3 w5 w8 w13 w21 w34',
  ['a', 'mat', 'sat', 'on', 'the', 'cat'],
  'naïve 日本 🙂 w1',
] as const;

type Reading = (open: Opener) => Promise<unknown>;

const READINGS: Record<string, Reading> = {
  info: using({}, model => Promise.resolve({ ...model.info, bytes: 0, created: '' })),
  'scores with modified Kneser-Ney': using({ smoothing: 'mkn' }, scores),
  'scores with uniform weights': using({ smoothing: 'glm', weights: 'uniform' }, scores),
  'scores with tuned weights': using({}, scores),
  'scores from few kept blocks': using({ blockMemory: 1 }, scores),
  'scores from tables in memory': using({}, async model => {
    const loaded = await model.load();
    return SENTENCES.map(sentence => plain(loaded.score(sentence)));
  }),
  'a running text with a cache': using({}, async model => {
    const cache = model.createCache();
    const found: unknown[] = [];
    for (const sentence of SENTENCES) found.push(plain(await model.score(sentence, { cache })));
    return found;
  }),
  perplexity: using({}, model => model.perplexity(SENTENCES)),
  'the perplexity of n-grams': using({}, async model => [
    ...(await model.ngramPerplexities('w1 w2 the cat', { window: 2 })),
  ]),
  'predictions with modified Kneser-Ney': using({ smoothing: 'mkn' }, predictions),
  'predictions with tuned weights': using({}, predictions),
  'words by their beginning, and fillers of a gap': using({ smoothing: 'mkn' }, async model => [
    await model.predict('the cat', { prefix: 'w1', top: 5 }),
    await model.predict('the ___ sat', { gap: '___', top: 5 }),
  ]),
  'texts drawn with modified Kneser-Ney': using({ smoothing: 'mkn' }, texts),
  'texts drawn with tuned weights': using({}, texts),
  'one token after another': using({}, async model => {
    const loaded = await model.load();
    let state = loaded.start();
    return ['the', 'cat', 'zebra', 'sat', '</s>'].map(token => {
      const { state: next, ...found } = loaded.extend(state, token);
      state = next;
      return { ...found, history: [...next.history] };
    });
  }),
  'many calls at once': using({}, async model =>
    (await Promise.all(SENTENCES.map(sentence => model.score(sentence)))).map(plain),
  ),
  'a model that was closed': async open => {
    const model = await open();
    await model.close();
    await model.close();
    return codeOf(() => model.score('the cat'));
  },
  'weights with an unknown name': open => codeOf(() => open({ weights: 'other' })),
};

/** Reads every figure of a model. */
export async function readAll(open: Opener): Promise<Record<string, unknown>> {
  const found: Record<string, unknown> = {};
  for (const [name, read] of Object.entries(READINGS)) found[name] = await read(open);
  return found;
}

/** Reads a model in every way, and compares the figures with those that {@link readAll} gave. */
export async function checkReadings(open: Opener, expected: Record<string, unknown>, check: Check): Promise<void> {
  for (const [name, read] of Object.entries(READINGS)) check(name, await read(open), expected[name]);
}

/** The sentences on which the model is trained. */
export function* suiteSentences(): Generator<string> {
  let seed = 1;
  const random = (): number => (seed = (seed * 48271) % 2147483647) / 2147483647;
  const words = ['the', 'cat', 'sat', 'on', 'mat', 'a', 'The', 'Cat', '.', 'naïve', '日本'];
  for (let i = 0; i < 3000; i++) {
    const sentence: string[] = [];
    for (let length = 1 + Math.floor(random() * 12); length > 0; length--) {
      const word = Math.floor(1.5 + 60 ** random());
      sentence.push(random() < 0.4 ? words[Math.floor(random() * words.length)] : `w${word + (i % 5)}`);
    }
    yield sentence.join(' ');
  }
}

/** The options with which the model is trained. */
export const SUITE_OPTIONS = {
  order: 4,
  patterns: { skip: true, maxGap: 1 },
  classes: 3,
  modelM: 1,
  holdOut: 0.05,
} as const;

function using(options: OpenOptions, read: (model: LanguageModel) => Promise<unknown>): Reading {
  return async open => {
    const model = await open(options);
    try {
      return await read(model);
    } finally {
      await model.close();
    }
  };
}

async function scores(model: LanguageModel): Promise<unknown> {
  const found: unknown[] = [];
  for (const sentence of SENTENCES) found.push(plain(await model.score(sentence)));
  found.push(plain(await model.score('cat sat', { start: false, end: false })));
  return found;
}

async function texts(model: LanguageModel): Promise<unknown> {
  const found: unknown[] = [];
  for (const how of [{ count: 2, seed: 3 }, { mirostat: 4 }, { topP: 0.9, temperature: 0.8 }, { beam: 2 }]) {
    const drawn = model.generate({ beginnings: ['the cat'], maxTokens: 5, ...how });
    for await (const { text, tokens, log10Probs } of drawn) found.push({ text, tokens, log10Probs: [...log10Probs] });
  }
  return found;
}

async function predictions(model: LanguageModel): Promise<unknown> {
  const found: unknown[] = [];
  for (const history of ['', 'the cat', 'w1 w2 w3', 'zebra']) {
    found.push(await model.predict(history, { top: 5 }), await model.predict(history, { top: 2, explain: true }));
  }
  return found;
}

function plain(score: Awaited<ReturnType<LanguageModel['score']>>): unknown {
  return { ...score, log10Probs: [...score.log10Probs], matched: [...score.matched] };
}

async function codeOf(act: () => Promise<unknown>): Promise<unknown> {
  try {
    await act();
  } catch (error) {
    return (error as { code?: unknown }).code;
  }
  return 'no error';
}
