import fc from 'fast-check';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  ctcBeamSearch,
  importArpa,
  LanguageModel,
  train,
  type CtcOptions,
  type LoadedModel,
} from '#kneser/src/index.js';
import { randomNumbers, temporaryFolder } from '../support/models.js';

const folder = temporaryFolder('ctc');

interface Fixture {
  readonly matrices: readonly { readonly labels: string[]; readonly logits: number[][] }[];
  readonly cases: readonly {
    readonly name: string;
    readonly matrix: number;
    readonly options: Omit<CtcOptions, 'labels' | 'model'> & { readonly model?: boolean };
    /** The first twelve of `count`. */
    readonly beams: readonly {
      readonly text: string;
      readonly words: readonly [string, number, number][];
      readonly logitScore: number;
      readonly score: number;
    }[];
    readonly count: number;
  }[];
}

let model: LoadedModel;
beforeAll(async () => {
  await importArpa({ file: new URL('../fixtures/kenlm.arpa', import.meta.url).pathname, out: join(folder, 'model') });
  await using opened = await LanguageModel.open(join(folder, 'model'));
  model = await opened.load();
});

describe('pyctcdecode with KenLM finds the same', () => {
  const names = ['cases', 'recorded'].flatMap(file => {
    const content = readFileSync(new URL(`../fixtures/ctc/${file}.json.gz`, import.meta.url));
    const fixture = JSON.parse(gunzipSync(content).toString()) as Fixture;
    return [...new Set(fixture.cases.map(({ name }) => name))].map(name => [name, fixture] as const);
  });

  test.each(names)('%s', (name, fixture) => {
    for (const { matrix, options, beams, count, ...rest } of fixture.cases.filter(one => one.name === name)) {
      const { labels, logits } = fixture.matrices[matrix];
      const { model: hasModel, ...given } = options;
      const found = ctcBeamSearch(logits, { labels, ...given, ...(hasModel === false ? {} : { model }) });
      const where = JSON.stringify({ matrix, options, rest });
      expect(found.length, where).toBe(count);
      for (const [i, beam] of beams.entries()) {
        const { text, words, logitScore, score } = found[i];
        expect(text, where).toBe(beam.text);
        expect(words.map(({ word, start, end }) => [word, start, end])).toEqual(beam.words);
        expect(Math.abs(logitScore - beam.logitScore)).toBeLessThan(1e-6);
        expect(Math.abs(score - beam.score)).toBeLessThan(1e-4);
      }
    }
  });
});

/** ln of the summed probability of the label sequences of each text, by trying all of them. */
function bruteForce(logits: readonly (readonly number[])[], labels: readonly string[]): Map<string, number> {
  const rows = logits.map(row => {
    const sum = row.reduce((total, value) => total + Math.exp(value), 0);
    return row.map(value => Math.exp(value) / sum);
  });
  const texts = new Map<string, number>();
  const visit = (frame: number, last: number, text: string, p: number): void => {
    if (frame === rows.length) {
      const whole = text.split(' ').filter(Boolean).join(' ');
      texts.set(whole, (texts.get(whole) ?? 0) + p);
      return;
    }
    for (const [label, q] of rows[frame].entries()) {
      visit(frame + 1, label, label === last ? text : text + labels[label], p * q);
    }
  };
  visit(0, -1, '', 1);
  return texts;
}

test('with room for all beams each text has the summed probability of its label sequences', () => {
  const labels = ['', ' ', 'a', 'b'];
  const row = fc.array(fc.double({ min: -4, max: 4, noNaN: true }), { minLength: 4, maxLength: 4 });
  fc.assert(
    fc.property(fc.array(row, { minLength: 1, maxLength: 5 }), logits => {
      const beams = ctcBeamSearch(logits, { labels, beamWidth: 10_000, beamThreshold: -1e9, labelThreshold: -1e9 });
      const expected = bruteForce(logits, labels);
      expect(beams.map(({ text }) => text).sort()).toEqual([...expected.keys()].sort());
      for (const { text, logitScore } of beams) expect(logitScore).toBeCloseTo(Math.log(expected.get(text) ?? 0), 9);
    }),
    { numRuns: 30 },
  );
});

describe('a word of probability 0', () => {
  const labels = ['', ' ', 'a', 'z'];
  const logits = ['a', ' ', 'z'].map(letter => labels.map(label => (label === letter ? 0 : -8)));
  let closed: LoadedModel;
  beforeAll(async () => {
    const file = join(folder, 'closed.arpa');
    const unigrams = ['-99\t<s>', '-0.5\t</s>', '-0.6\ta', '-0.4\tb'];
    writeFileSync(file, ['\\data\\', 'ngram 1=4', '', '\\1-grams:', ...unigrams, '', '\\end\\', ''].join('\n'));
    await importArpa({ file, out: join(folder, 'closed') });
    await using opened = await LanguageModel.open(join(folder, 'closed'));
    closed = await opened.load();
  });

  test('without a weight of the model the beam has its words and β', () => {
    const [without] = ctcBeamSearch(logits, { labels });
    const [best, ...others] = ctcBeamSearch(logits, { labels, model: closed, alpha: 0, beta: 2, unknownOffset: 0 });
    expect(others).toEqual([]);
    expect(best.words).toEqual(without.words);
    expect(best.score).toBeCloseTo(without.score + 2 * 2, 9);
  });

  test('with a weight the word has log10 p = −100, and stays where no other text is near', () => {
    const [best] = ctcBeamSearch(logits, { labels, model: closed, alpha: 0.5, beta: 0, unknownOffset: -10 });
    expect(best.text).toBe('a z');
    expect(best.score - best.logitScore).toBeCloseTo(0.5 * Math.LN10 * (-0.6 - 110 - 0.5), 5);
  });
});

describe('the language model', () => {
  const labels = ['', ' ', ...new Set('the old lighthouse keeper counted')].filter(
    (label, i, all) => all.indexOf(label) === i,
  );
  const spell = (text: string): number[][] =>
    Array.from(text)
      .flatMap(letter => [letter, ''])
      .map(letter => labels.map(label => (label === letter ? 9 : 0)));

  test('a beam has the score of its words by the model, and the state after them', () => {
    const [best] = ctcBeamSearch(spell('the old keeper'), { labels, model, alpha: 0.7, beta: 0.3 });
    const { log10Prob } = model.score('the old keeper');
    expect(best.text).toBe('the old keeper');
    expect(best.score - best.logitScore).toBeCloseTo(0.7 * Math.LN10 * log10Prob + 3 * 0.3, 9);
    let state = model.start();
    for (const word of ['the', 'old', 'keeper']) ({ state } = model.extend(state, word));
    expect(best.state?.key).toBe(state.key);
  });

  test('speech in two parts continues with the state of the first', () => {
    const [first] = ctcBeamSearch(spell('the old'), { labels, model, end: false });
    const [second] = ctcBeamSearch(spell('keeper counted'), { labels, model, state: first.state });
    const [whole] = ctcBeamSearch(spell('the old keeper counted'), { labels, model });
    const languageScore = (beam: typeof whole): number => beam.score - beam.logitScore;
    expect(languageScore(first) + languageScore(second)).toBeCloseTo(languageScore(whole), 9);
  });

  test('recombination keeps beams that the model or the next letter can tell apart, and the best text', () => {
    const random = randomNumbers(4);
    const labels = ['', '▁the', '▁old', '▁keeper', '▁counted'];
    const logits = Array.from({ length: 12 }, () => labels.map(() => 2 * random()));
    const options = { labels, model, beamWidth: 50, end: false };
    const [all, merged] = [false, true].map(recombine => ctcBeamSearch(logits, { ...options, recombine }));
    expect(merged[0].text).toBe(all[0].text);
    const differences = (beams: typeof all): number => new Set(beams.map(({ state }) => state?.key ?? '')).size;
    expect(all.length).toBeGreaterThan(merged.length);
    expect(differences(merged)).toBeGreaterThanOrEqual(differences(all));
  });
});

test('labels that mean the same are one label, as in pyctcdecode: fixtures/ctc/labels.py', () => {
  const { cases } = JSON.parse(readFileSync(new URL('../fixtures/ctc/labels.json', import.meta.url), 'utf8')) as {
    readonly cases: readonly (Required<Pick<CtcOptions, 'labels' | 'beamWidth'>> & {
      readonly logits: number[][];
      readonly beams: Fixture['cases'][number]['beams'];
    })[];
  };
  for (const { labels, logits, beamWidth, beams } of cases) {
    const found = ctcBeamSearch(logits, { labels, model, beamWidth });
    for (const [i, beam] of beams.entries()) {
      const { text, words, logitScore, score } = found[i];
      const where = JSON.stringify({ labels, logits, beamWidth });
      expect(text, where).toBe(beam.text);
      expect(words.map(({ word, start, end }) => [word, start, end])).toEqual(beam.words);
      expect(logitScore).toBeCloseTo(beam.logitScore, 5);
      expect(score).toBeCloseTo(beam.score, 4);
    }
  }
});

test('rows in one typed array, log probabilities and probabilities mean the same', () => {
  const labels = ['_', '|', 'a', 'b'];
  const p = [
    [0.1, 0.1, 0.7, 0.1],
    [0.05, 0.8, 0.1, 0.05],
    [0.1, 0.1, 0.1, 0.7],
  ];
  const expected = ctcBeamSearch(p, { labels });
  expect(expected[0].text).toBe('a b');
  for (const logits of [
    p.map(row => row.map(value => Math.log(value) + 3)),
    Float64Array.from(p.flat()),
    Float32Array.from(p.flat()),
  ]) {
    const found = ctcBeamSearch(logits, { labels });
    expect(found[0].words).toEqual(expected[0].words);
    expect(found.map(({ text }) => text).sort()).toEqual(expected.map(({ text }) => text).sort());
    expect(found[0].score).toBeCloseTo(expected[0].score, 5);
  }
  expect(ctcBeamSearch([], { labels })).toEqual([{ text: '', words: [], logitScore: 0, score: 0, state: undefined }]);
});

test.each<[string, unknown, object, RegExp]>([
  ['NaN', [[0, NaN]], {}, /logits: in row 0 label 1 is NaN/],
  ['+∞', [[0, Infinity]], {}, /label 1 is Infinity/],
  ['a row without a label that can be', [[-Infinity, -Infinity]], {}, /all labels are -Infinity/],
  ['another width', [[0, 1, 2]], {}, /row 0 has 3 numbers for 2 labels/],
  ['a typed array of another length', new Float32Array(3), {}, /3 numbers do not make whole rows of 2 labels/],
  ['text for numbers', 'abc', {}, /logits: .*a list of rows/],
  ['a label twice', [[0, 0]], { labels: ['a', 'a'] }, /labels: .*twice/],
  ['pieces with a space', [[0, 0]], { labels: ['▁a b', ''] }, /has a space/],
  ['no labels', [[0, 0]], { labels: undefined }, /labels: is missing/],
  ['no beam', [[0, 0]], { beamWidth: 0 }, /beamWidth/],
  ['a model that is not loaded', [[0, 0]], { model: {} }, /model: .*load\(\)/],
  ['null for a number', [[0, null]], {}, /label 1 is null; give a number/],
  ['text in a row', [['3', 0]], {}, /in row 0 label 0 is "3"/],
  ['a big integer', [[0, 1n]], {}, /label 1 is 1/],
  ['a threshold above the best score', [[0, 0]], { beamThreshold: 5 }, /beamThreshold: 5 is not a number of at most 0/],
  ['an option of pyctcdecode', [[0, 0]], { beam_width: 3 }, /did you mean beamWidth/],
])('%s is refused', (_, logits, options, message) => {
  const call = (): unknown => ctcBeamSearch(logits as number[][], { labels: ['', 'a'], ...options });
  expect(call).toThrow(
    expect.objectContaining({ code: 'KNESER_OPTION', message: expect.stringMatching(message) as string }) as Error,
  );
});

test.each([0, false, '', NaN, null, {}])('%j is no state', state => {
  const options = { labels: ['', 'a'], model, state: state as never };
  expect(() => ctcBeamSearch([[0, 0]], options)).toThrow(expect.objectContaining({ code: 'KNESER_OPTION' }) as Error);
});

test.each(['<s>', '</s>'])('%s among the labels becomes an unknown word', mark => {
  const labels = ['', ' ', 't', 'h', 'e', mark];
  const rows = ['t', 'h', 'e', ' ', mark, ' ', 't', 'h', 'e'].map(one =>
    labels.map(label => (label === one ? 0 : -12)),
  );
  const [best] = ctcBeamSearch(rows, { labels, model, unknownOffset: -2 });
  expect(best.text).toBe(`the ${mark} the`);
  const { log10Prob } = model.score(['the', '<unk>', 'the']);
  expect(best.score - best.logitScore).toBeCloseTo(0.5 * Math.LN10 * (log10Prob - 2) + 3 * 1.5, 9);
});

test('a state of another model is refused', async () => {
  await train({ sentences: ['the cat'], order: 2, out: join(folder, 'other') });
  await using opened = await LanguageModel.open(join(folder, 'other'));
  const other = await opened.load();
  const { state } = other.extend(other.start(), 'cat');
  expect(() => ctcBeamSearch([[0, 0]], { labels: ['', 'a'], model, state })).toThrow(
    expect.objectContaining({ code: 'KNESER_OPTION', message: expect.stringMatching(/^state: /) as string }) as Error,
  );
});

test('a language model of characters is refused, because its tokens are not words', async () => {
  await train({
    sentences: ['abc'],
    order: 2,
    out: join(folder, 'letters'),
    tokenization: { tokenizer: 'characters' },
  });
  await using opened = await LanguageModel.open(join(folder, 'letters'));
  const letters = await opened.load();
  expect(() => ctcBeamSearch([[0, 0]], { labels: ['', 'a'], model: letters })).toThrow(/tokenizer of words/);
});

test('options that belong to a model or to hotwords are refused without them', () => {
  const logits = [[0.1, 0.9]];
  const labels = ['', 'a'];
  for (const name of ['alpha', 'beta', 'unknownOffset', 'start', 'end'] as const) {
    const options = { labels, [name]: name === 'start' || name === 'end' ? true : 1 };
    expect(() => ctcBeamSearch(logits, options)).toThrow(new RegExp(`^${name}: belongs to model`));
  }
  expect(() => ctcBeamSearch(logits, { labels, hotwordWeight: 3 })).toThrow(/^hotwordWeight: belongs to hotwords/);
});
