import { join } from 'node:path';
import { expect, test } from 'vitest';
import { importArpa, exportArpa, KneserError, LanguageModel, prune, train } from '#kneser/src/index.js';
import type { GeneratedText, GenerateOptions, LoadedModel, OpenOptions } from '#kneser/src/index.js';
import { Drawing } from '#kneser/src/model/generation/draw.js';
import { truncate, type TruncationOptions } from '#kneser/src/model/generation/truncation.js';
import { UNK } from '#kneser/src/text/tokens.js';
import { importedModel } from '../../support/arpa.js';
import { CommandLine } from '../../support/command-line.js';
import { randomNumbers, temporaryFolder, UNIFORM_MIXTURE } from '../../support/models.js';
import { PTB_TEXT, ptbModel } from '../../support/shared.js';

const folder = temporaryFolder('generate');
const random = randomNumbers(5);
const WORDS = Array.from({ length: 60 }, (_, i) => `w${i}`);
const TEXT = Array.from({ length: 400 }, () =>
  Array.from({ length: 1 + Math.floor(8 * random()) }, () => WORDS[Math.floor(60 * random() ** 3)]).join(' '),
);
const plain = join(folder, 'plain');

await train({ sentences: TEXT, out: plain, order: 3, vocabulary: { kind: 'limit', limit: 40 } });

async function all(model: LanguageModel | LoadedModel, options: GenerateOptions): Promise<GeneratedText[]> {
  const texts: GeneratedText[] = [];
  for await (const text of model.generate(options)) texts.push(text);
  return texts;
}

/** The number of types that a truncation leaves of probabilities, by type. */
function keptOf(probabilities: readonly number[], options: TruncationOptions): number[] {
  const counts = new Uint32Array(probabilities.length).fill(1);
  truncate(Float64Array.from(probabilities), counts, options);
  return [...counts.keys()].filter(i => counts[i] > 0);
}

/** Σ (n − e)²/e over the types, those with e < 5 as one, as a standard normal deviate (Wilson & Hilferty 1931). */
function deviation(drawn: ReadonlyMap<string, number>, expected: ReadonlyMap<string, number>): number {
  let [sum, cells, restDrawn, restExpected] = [0, 0, 0, 0];
  for (const [token, e] of expected) {
    const n = drawn.get(token) ?? 0;
    if (e < 5) {
      restDrawn += n;
      restExpected += e;
      continue;
    }
    sum += (n - e) ** 2 / e;
    cells++;
  }
  if (restExpected > 0) {
    sum += (restDrawn - restExpected) ** 2 / restExpected;
    cells++;
  }
  const spread = 2 / (9 * (cells - 1));
  return (Math.cbrt(sum / (cells - 1)) - (1 - spread)) / Math.sqrt(spread);
}

test('every truncation draws from the types that it leaves of the whole distribution', async () => {
  const kinds: TruncationOptions[] = [
    { topP: 0.5 },
    { topP: 0.97 },
    { topP: 0.8, minP: 0.1 },
    { minP: 0.2 },
    { epsilon: 0.02 },
    { epsilon: 0.9 },
    { minP: 0.1, epsilon: 0.05 },
    { eta: 0.02 },
    { typical: 0.7 },
    { topK: 5, topP: 0.9 },
    { minP: 0.3, unknown: true },
  ];
  for (const smoothing of ['mkn', 'glm'] as const) {
    await using model = await LanguageModel.open(plain, { smoothing });
    const loaded = await model.load();
    for (const history of ['', 'w0', 'w1 w0', 'w3 w2']) {
      const next = loaded.nextWords(history, true);
      const dense = next.spread().dense();
      for (const options of kinds) {
        const except = options.unknown ? 0 : UNK;
        const words = [...dense.keys()].filter(word => word !== except && dense[word] > 0);
        words.sort((a, b) => dense[b] - dense[a] || a - b);
        const kept = keptOf(
          words.map(word => dense[word]),
          options,
        ).map(i => words[i]);
        const drawing = new Drawing(options);
        const mass = kept.reduce((sum, word) => sum + dense[word], 0);
        for (const point of [0, 0.3, 0.77, 0.999]) {
          const drawn = drawing.draw(next, () => point);
          expect(drawn.kept).toBe(kept.length);
          expect(kept).toContain(drawn.word);
          const before = kept
            .filter(word => dense[word] > drawn.probability)
            .reduce((sum, word) => sum + dense[word], 0);
          const upTo = kept
            .filter(word => dense[word] >= drawn.probability)
            .reduce((sum, word) => sum + dense[word], 0);
          expect(point * mass).toBeGreaterThan(before - 1e-12);
          expect(point * mass).toBeLessThan(upTo + 1e-12);
        }
      }
    }
  }
});

test('draws after contexts with many followers are the same from blocks and memory, the first time and later', async () => {
  const many = Array.from({ length: 1600 }, (_, i) => `a v${i}${i % 3 === 0 ? ` a v${i}` : ''}`);
  const path = join(folder, 'many');
  await train({ sentences: many, out: path, order: 2 });
  await using model = await LanguageModel.open(path);
  const loaded = await model.load();
  const points = Array.from({ length: 60 }, (_, i) => (i + 0.5) / 60);
  const ofBlocks = await model.nextWords('a', false);
  const first = points.map(point => loaded.nextWords('a', false).sample(() => point));
  expect(points.map(point => loaded.nextWords('a', false).sample(() => point))).toEqual(first);
  expect(points.map(point => ofBlocks.sample(() => point))).toEqual(first);
  expect(new Set(first).size).toBeGreaterThan(30);
});

test('a text does not depend on the texts before it, with a few more ids than a power of 64', async () => {
  const out = join(folder, 'ids');
  const sentences = Array.from({ length: 3 * 4125 }, (_, i) => `the w${(i * 7919) % 4125}`);
  await train({ sentences, out, order: 3 });
  await using before = await LanguageModel.open(out);
  // From the second draw on, sums of the followers of a wide context are kept.
  for await (const text of before.generate({ count: 20, seed: 999 })) expect(text.tokens.length).toBeGreaterThan(0);
  for (let seed = 1; seed <= 20; seed++) {
    await using fresh = await LanguageModel.open(out);
    expect(await all(before, { seed })).toEqual(await all(fresh, { seed }));
  }
});

test('100,000 draws have the distribution of the model, for all kinds of models', async () => {
  const paths = Object.fromEntries(['pruned', 'classes', 'arpa', 'back-off'].map(name => [name, join(folder, name)]));
  await prune({ model: plain, out: paths.pruned, prune: [0, 1, 2] });
  await train({
    sentences: TEXT,
    out: paths.classes,
    order: 3,
    patterns: { skip: true },
    holdOut: 0.1,
    classes: [5, 3],
  });
  await exportArpa({ model: plain, file: paths.arpa });
  await importArpa({ file: paths.arpa, out: paths['back-off'] });
  const kinds: [string, string, OpenOptions, number, string[]][] = [
    ['Kneser-Ney', plain, {}, 100_000, ['', 'w0', 'w0 w1', 'w3', 'never w0']],
    ['pruned', paths.pruned, {}, 20_000, ['w0 w1']],
    ['the even mixture', paths.classes, UNIFORM_MIXTURE, 5000, ['w0 w1']],
    ['the tuned mixture with classes', paths.classes, {}, 5000, ['w0 w1']],
    ['back-off', paths['back-off'], {}, 2000, ['w0 w1']],
  ];
  for (const [kind, path, options, draws, histories] of kinds) {
    await using model = await LanguageModel.open(path, options);
    const loaded = await model.load();
    const numbers = randomNumbers(17);
    for (const history of histories) {
      const words = loaded.nextWords(history, true);
      const drawing = new Drawing({});
      const types = ['', '<unk>', '<s>', '</s>', ...[...loaded.vocabulary()].slice(2)];
      const drawn = new Map<string, number>();
      for (let i = 0; i < draws / histories.length; i++) {
        const token = types[drawing.draw(words, numbers).word];
        drawn.set(token, (drawn.get(token) ?? 0) + 1);
      }
      const next = loaded.distribution(history);
      const scale = draws / histories.length / (1 - next.probability('<unk>'));
      const expected = new Map([...next.descending()].map(({ token, probability }) => [token, scale * probability]));
      // p > 1e-4, on one side.
      expect(deviation(drawn, expected), `${kind} after ${history}`).toBeLessThan(3.72);
      expect(drawn.has('<unk>')).toBe(false);
    }
  }
});

test('texts are the same from blocks and memory, and their probabilities are those of scoring', async () => {
  await using model = await LanguageModel.open(plain, { tables: 'page' });
  const loaded = await model.load();
  const kinds: GenerateOptions[] = [
    { count: 4 },
    { beginnings: ['w0 w1', 'never'], count: 2, seed: 3, unknown: true },
    { temperature: 0.7, topP: 0.9, sentences: 3 },
    { topK: 5, minP: 0.1, tokens: 20 },
    { typical: 0.9, epsilon: 0.001, eta: 0.01 },
    { mirostat: 3, mirostatVersion: 1, maxTokens: 7 },
    { mirostat: 3, sentences: 3 },
    { greedy: true, maxTokens: 9 },
    { beam: 4, maxTokens: 6, beginnings: ['w1', ['w2']] },
  ];
  for (const options of kinds) {
    const texts = await all(loaded, options);
    expect(await all(model, options)).toEqual(texts);
    expect(texts.length).toBeGreaterThan(0);
    for (const { text, beginning, tokens, log10Probs, log10Prob, kept, mu } of texts) {
      const start = beginning === undefined || beginning === '' ? [] : beginning.split(' ');
      const cut = tokens.at(-1) !== '</s>';
      const words = cut ? tokens : tokens.slice(0, -1);
      expect(text).toBe([...start, ...words].join(' '));
      expect(tokens.length).toBeLessThanOrEqual(options.maxTokens ?? 200);
      const score = loaded.score([...start, ...words], { end: !cut });
      tokens.forEach((_, i) => expect(log10Probs[i]).toBeCloseTo(score.log10Probs[start.length + i], 11));
      expect(log10Prob).toBeCloseTo(
        log10Probs.reduce((a, b) => a + b, 0),
        12,
      );
      expect(kept?.length).toBe(options.beam === undefined ? tokens.length : undefined);
      expect(mu?.length).toBe(options.mirostat === undefined ? undefined : tokens.length);
    }
  }
  expect(JSON.parse(JSON.stringify((await all(loaded, {}))[0]))).toHaveProperty('log10Probs.0');
});

test('top-k 1 draws as greedy does; a beam as wide as the vocabulary finds the most probable text', async () => {
  await using model = await LanguageModel.open(plain);
  const loaded = await model.load();
  const texts = (found: GeneratedText[]): string[] => found.map(({ text }) => text);
  const options = { beginnings: ['', 'w0', 'w5 w6'], maxTokens: 12 };
  expect(texts(await all(loaded, { ...options, topK: 1 }))).toEqual(
    texts(await all(loaded, { ...options, greedy: true })),
  );
  // All texts of at most two words and their end, by brute force.
  const types = [...loaded.vocabulary()].filter(type => type !== '<unk>');
  const found: [string, number][] = [];
  for (const a of types.filter(type => type !== '</s>')) {
    for (const b of types) {
      const tokens = b === '</s>' ? [a] : [a, b];
      found.push([[a, b].join(' '), loaded.score(tokens, { end: b === '</s>' }).log10Prob]);
    }
  }
  found.push(['</s>', loaded.score([]).log10Prob]);
  found.sort((a, b) => b[1] - a[1]);
  const beams = await all(loaded, { beam: 41, maxTokens: 2 });
  expect(beams).toHaveLength(41);
  expect(beams.map(({ log10Prob }) => log10Prob.toFixed(9))).toEqual(found.slice(0, 41).map(([, p]) => p.toFixed(9)));
});

test('beam search goes on where back-offs above 1 make longer texts more probable', async () => {
  const imported = await importedModel(join(folder, 'rising'), [
    ['-3 <unk>', '-99 <s> -0.1', '-1 </s>', '-1 a 1.5', '-0.6 b 0'],
    ['-0.3 <s> </s>', '-0.5 <s> a', '-0.2 b </s>'],
  ]);
  await using model = await LanguageModel.open(imported);
  const loaded = await model.load();
  const expected: [number, string[]][] = [
    [1, ['a', 'b', '</s>']],
    [2, ['a', 'a', 'a', 'b']],
    [30, ['a', 'a', 'a', 'b']],
  ];
  for (const [beam, tokens] of expected) {
    const texts = await all(loaded, { beam, maxTokens: 4 });
    expect(await all(model, { beam, maxTokens: 4 })).toEqual(texts);
    expect(texts[0].tokens).toEqual(tokens);
    expect(texts.every(({ log10Prob }) => log10Prob <= texts[0].log10Prob)).toBe(true);
  }
});

test('mirostat reaches its target over many texts, and warns of a target out of reach', async () => {
  await using model = await LanguageModel.open(plain);
  const loaded = await model.load();
  const mean = async (options: GenerateOptions): Promise<number> => {
    const drawn = (await all(loaded, options)).flatMap(({ log10Probs }) => [...log10Probs]).slice(100);
    return -drawn.reduce((sum, own) => sum + own, 0) / drawn.length / Math.log10(2);
  };
  for (const mirostatVersion of [1, 2] as const) {
    expect(await mean({ mirostat: 3, tokens: 3000, mirostatVersion })).toBeCloseTo(3, 1);
  }
  const warnings: string[] = [];
  await mean({ mirostat: 9, tokens: 600, onWarning: warning => warnings.push(warning) });
  expect(warnings).toEqual([
    expect.stringMatching(/^mirostat: the target of 9 bits is above the entropy of the model/),
  ]);
});

test('the mean surprise of generated text is the mean entropy before its tokens', async () => {
  await using model = await LanguageModel.open(plain);
  const loaded = await model.load();
  let [sum, squares, n] = [0, 0, 0];
  for (const { tokens, log10Probs } of await all(loaded, { tokens: 2000, unknown: true })) {
    tokens.forEach((_, i) => {
      const difference = -log10Probs[i] * Math.LN10 - loaded.distribution(tokens.slice(0, i)).entropy;
      sum += difference;
      squares += difference ** 2;
      n++;
    });
  }
  expect(Math.abs(sum / n)).toBeLessThan((4 * Math.sqrt(squares / n - (sum / n) ** 2)) / Math.sqrt(n));
});

test('impossible combinations are refused by name', async () => {
  await using model = await LanguageModel.open(plain);
  const refused: [GenerateOptions, string][] = [
    [{ mirostat: 5, topP: 0.9 }, 'topP: excludes mirostat'],
    [{ greedy: true, beam: 2 }, 'beam: excludes greedy'],
    [{ beam: 2, temperature: 2 }, 'temperature: excludes beam'],
    [{ count: 2, tokens: 5 }, 'tokens: excludes count'],
    [{ mirostatRate: 0.5 }, 'mirostatRate: belongs to mirostat'],
    [{ topP: 1.5 }, 'topP: 1.5 is not a number above 0, at most 1'],
    [{ temperature: 0 }, 'temperature: 0 is not a finite number above 0'],
    [{ beginnings: 'w0' as never }, 'beginnings: "w0" is not a list of texts'],
  ];
  for (const [options, message] of refused) {
    expect(() => model.generate(options)).toThrow(KneserError);
    expect(() => model.generate(options)).toThrow(message);
  }
});

test('the command prints texts, and refuses flags by their names', async () => {
  const cli = new CommandLine('generate');
  const printed = await cli.print(['generate', plain, '--count', '3', '--seed', '2']);
  expect(printed.trimEnd().split('\n')).toHaveLength(3);
  const input = 'w0 w1\nunheard-of\n';
  const { stdout, stderr } = await cli.run(['generate', plain, '-', '--mirostat', '3', '--json'], { input });
  const texts = stdout
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line) as GeneratedText);
  expect(texts.map(({ beginning }) => beginning)).toEqual(['w0 w1', 'unheard-of']);
  // μ is carried from text to text.
  expect(texts[1].mu?.[0]).not.toBe(6);
  expect(stderr).toContain('unknown to the model, and were read as <unk>: 1');
  expect(await cli.refuse(2, ['generate', plain, '--greedy', '--top-k', '3'])).toContain('--top-k: excludes --greedy');
});

test.skipIf(PTB_TEXT === undefined)(
  'kept sets on the Penn Treebank are those of an independent computation',
  async () => {
    await using model = await LanguageModel.open(await ptbModel(3));
    const loaded = await model.load();
    const kinds: TruncationOptions[] = [
      { topP: 0.9 },
      { epsilon: 9e-4 },
      { eta: 9e-4 },
      { minP: 0.05 },
      { typical: 0.95 },
    ];
    const expected: [string, number[]][] = [
      ['', [686, 118, 531, 18, 1563]],
      ['the', [1205, 207, 1711, 38, 2173]],
      ['of the', [1342, 179, 1765, 24, 2556]],
      // Typical: 2,061 words have the share; 59 more words are as near to the entropy as the last of them, and are kept.
      ['new york', [466, 93, 262, 10, 2061 + 59]],
      ['chief executive', [12, 23, 23, 4, 69]],
    ];
    for (const [history, sizes] of expected) {
      const { state } = history
        .split(' ')
        .filter(Boolean)
        .reduce(({ state }, word) => loaded.extend(state, word), { state: loaded.start() });
      const kept = kinds.map(options => loaded.sample(state, { ...options, unknown: true, random: () => 0.5 }).kept);
      kept.forEach((size, i) => expect(Math.abs(size - sizes[i]), `${history}: ${kept.join()}`).toBeLessThanOrEqual(1));
    }
  },
);

test('where no token can come next, every way of drawing says so', async () => {
  const imported = await importedModel(join(folder, 'nothing'), [
    ['-1 <unk>', '-99 <s> -0.3', '-0.5 </s>', '-0.4 a -inf', '-0.6 b -0.2'],
    ['-0.1 <s> a', '-0.1 b <unk>', '-inf b a', '-inf b </s>', '-inf b b'],
  ]);
  await using model = await LanguageModel.open(imported);
  const loaded = await model.load();
  const kinds: GenerateOptions[] = [
    {},
    { topP: 0.9 },
    { topK: 2 },
    { minP: 0.5 },
    { temperature: 2 },
    { mirostat: 3 },
    { greedy: true },
    { beam: 2 },
  ];
  for (const kind of kinds) {
    for (const unknown of [true, false]) {
      const afterA = { ...kind, unknown, beginnings: ['a'] };
      await expect(all(model, afterA)).rejects.toThrow('no token can come next, because the model gives each');
      await expect(all(loaded, afterA)).rejects.toMatchObject({ code: 'KNESER_OPTION' });
    }
    const afterB = { ...kind, beginnings: ['b'], maxTokens: 1 };
    await expect(all(model, afterB)).rejects.toThrow('unknown: nothing but <unk> can come next; draw <unk> too');
    const drawn = await all(loaded, { ...afterB, unknown: true });
    expect(drawn.map(({ tokens, log10Prob }) => [tokens, log10Prob])).toEqual([[['<unk>'], expect.closeTo(-0.1, 12)]]);
  }
});

test('the number of types to draw from leaves out those of probability 0', async () => {
  const files = {
    'without <unk>': ['-99 <s>', '-0.3 a', '-0.6 b', '-0.602 </s>'],
    'with p = 0': ['-1 <unk>', '-99 <s>', '-0.3 a', '-inf b', '-0.602 </s>'],
  };
  for (const [name, unigrams] of Object.entries(files)) {
    await using model = await LanguageModel.open(await importedModel(join(folder, name), [unigrams]));
    for (const unknown of [true, false]) {
      const [{ kept: plain }] = await all(model, { unknown });
      const [{ kept: truncated }] = await all(model, { unknown, topP: 1 });
      const possible = (await model.predict('', { unknown })).filter(({ probability }) => probability > 0).length;
      expect(new Set([...(plain ?? []), ...(truncated ?? [])]), name).toEqual(new Set([possible]));
    }
  }
});
