import { describe, expect, test } from 'vitest';
import { compare, signalToNoise, train, type ContextGroup } from '#kneser/src/index.js';
import { studentP } from '#kneser/src/baseline/student.js';
import { CommandLine } from '../support/command-line.js';
import { randomNumbers } from '../support/models.js';

const cli = new CommandLine('contexts');

interface Token {
  readonly sentence: number;
  readonly position: number;
  readonly token: string;
  readonly difference: number;
}

/** Random sentences of 1 to 9 words from a vocabulary of five. The difference of a token is `effect` plus noise from −0.5 to 0.5. */
function tokensOf(sentences: number, seed: number, effect: (before: string, token: string) => number): Token[] {
  const random = randomNumbers(seed);
  const tokens: Token[] = [];
  for (let sentence = 1; sentence <= sentences; sentence++) {
    let before = '<s>';
    const length = 1 + Math.floor(9 * random());
    for (let position = 1; position <= length; position++) {
      const token = 'abcDe'[Math.floor(5 * random())];
      const difference = effect(before, token) + (random() - 0.5);
      tokens.push({ sentence, position, token, difference: Math.round(1e6 * difference) / 1e6 });
      before = token;
    }
  }
  return tokens;
}

async function compared(tokens: readonly Token[], classes?: string) {
  const lines = tokens.map(({ sentence, position, token, difference }) =>
    ['t', sentence, position, token, 1, 0, (difference - 9).toFixed(6), '-9'].join('\t'),
  );
  const head = ['file', 'sentence', 'position', 'token', 'count', 'oov', 'a.log10Prob', 'b.log10Prob'].join('\t');
  const file = cli.file([head, ...lines].join('\n') + '\n', '.tsv');
  return compare({ file, models: ['a', 'b'], resamples: 100, ...(classes === undefined ? {} : { classes }) });
}

/** The mean difference of the tokens that `picks` selects, and its t statistic, with the sentences as clusters. */
function tested(tokens: readonly Token[], picks: (before: string, token: string, after: string) => boolean) {
  const picked = tokens.filter(({ token, position, sentence }, i) => {
    const after = tokens[i + 1]?.sentence === sentence ? tokens[i + 1].token : '';
    return picks(position > 1 ? tokens[i - 1].token : '<s>', token, after);
  });
  const mean = picked.reduce((sum, { difference }) => sum + difference, 0) / picked.length;
  const residuals = new Map<number, number>();
  for (const { sentence, difference } of picked)
    residuals.set(sentence, (residuals.get(sentence) ?? 0) + difference - mean);
  const S = residuals.size;
  const squares = [...residuals.values()].reduce((sum, residual) => sum + residual ** 2, 0);
  return { tokens: picked.length, sentences: S, mean, t: mean / (Math.sqrt((S / (S - 1)) * squares) / picked.length) };
}

function groupOf(groups: readonly ContextGroup[], template: string, name: string): ContextGroup | undefined {
  return groups.find(group => group.template === template && group.name === name);
}

describe('contexts', () => {
  test('finds where a model is better, with the mean and the t of a sum over the sentences', async () => {
    const tokens = tokensOf(300, 1, (before, token) =>
      before === 'a' && token === 'b' ? 0.4 : token === 'e' ? -0.3 : 0,
    );
    const { byContext } = await compared(tokens);
    const both = groupOf(byContext.gains, 'word and previous', 'a [b]');
    const expected = tested(tokens, (before, token) => before === 'a' && token === 'b');
    expect(both).toMatchObject({ tokens: expected.tokens, sentences: expected.sentences });
    expect(both?.difference).toBeCloseTo(expected.mean, 9);
    expect(both?.t).toBeCloseTo(expected.t, 9);
    expect(both?.examples[0]).toContain('a [b]');
    expect(byContext.losses.map(({ template, name }) => `${template} ${name}`)).toContain('word [e]');
    // The effect of the word e itself is listed once, not again for each word before e.
    expect(byContext.losses.filter(({ name }) => name.endsWith('[e]')).length).toBeLessThan(6);
    expect([...byContext.gains, ...byContext.losses].every(({ tokens }) => tokens >= 30)).toBe(true);
  });

  test('finds contexts in at most 2 of 5 comparisons of models that differ by noise only', async () => {
    let found = 0;
    for (let seed = 1; seed <= 5; seed++) {
      const { byContext } = await compared(tokensOf(200, seed, () => 0));
      expect(byContext.tested).toBeGreaterThan(30);
      if (byContext.gains.length + byContext.losses.length > 0) found++;
    }
    expect(found).toBeLessThanOrEqual(2);
  });

  test('lists no context if the difference is the same at all tokens', async () => {
    const { byContext } = await compared(tokensOf(300, 3, () => 5));
    expect([...byContext.gains, ...byContext.losses]).toEqual([]);
  });

  test('t is infinite if all sentences have the same difference, whatever rounding leaves of it', async () => {
    const tokens = tokensOf(30, 3, () => 0).map(token =>
      token.position === 1 ? { ...token, token: 'q', difference: -0.084615 } : token,
    );
    const { byContext } = await compared(tokens);
    expect(groupOf(byContext.losses, 'word', '[q]')).toMatchObject({ sentences: 30, t: -Infinity });
  });

  // Quantiles of Student's t as printed in Abramowitz and Stegun (1964), table 26.10.
  test.each([
    [12.706, 1, 0.05],
    [4.303, 2, 0.05],
    [2.228, 10, 0.05],
    [2.764, 10, 0.02],
    [2.045, 29, 0.05],
    [3.373, 120, 0.001],
  ])('the p of t = %d with %d degrees of freedom is %d', (t, freedom, p) => {
    expect(Math.abs(studentP(t, freedom) / p - 1)).toBeLessThan(0.002);
    expect(studentP(-t, freedom)).toBe(studentP(t, freedom));
  });

  test('signal and noise of scores', () => {
    const { signal, noise, ratio } = signalToNoise([0.62, 0.55, 0.58, 0.7, 0.66], [0.64, 0.66, 0.65, 0.67, 0.63]);
    expect(signal).toBeCloseTo(0.241158, 6);
    expect(noise).toBeCloseTo(0.0217571, 7);
    expect(ratio).toBeCloseTo(11.084069, 5);
    expect(signalToNoise([1, 2], [3, 3]).ratio).toBeNull();
    expect(() => signalToNoise([1], [1, 2])).toThrow(/^scores: /);
    expect(() => signalToNoise([1, 2], [1, NaN])).toThrow(/^repeats: NaN/);
  });
});

test('tokens are grouped by the classes of a model, too', async () => {
  const random = randomNumbers(4);
  // Small letters and capitals take turns.
  const LETTERS = 'abcdefghijklmnopqrst';
  const sentences = Array.from({ length: 60 }, () =>
    [0, 1, 2]
      .map(
        () =>
          `${LETTERS[Math.floor(LETTERS.length * random())]} ${LETTERS[Math.floor(LETTERS.length * random())].toUpperCase()}`,
      )
      .join(' '),
  );
  const classes = cli.fresh('classes');
  await train({ sentences, out: classes, order: 2, classes: 2 });
  const tokens = sentences.flatMap((text, s) =>
    text.split(' ').map((token, i) => ({
      sentence: s + 1,
      position: i + 1,
      token,
      difference: Math.round(1e6 * ((token < 'a' ? 0.5 : 0) + random() - 0.5)) / 1e6,
    })),
  );
  const { byContext } = await compared(tokens, classes);
  const group = byContext.gains.find(({ template }) => template === 'class');
  expect(group?.name).toMatch(/^\[\d+:[A-T]\/[A-T]\/[A-T]\]$/);
  const expected = tested(tokens, (_, token) => token < 'a');
  expect(group?.tokens).toBe(expected.tokens);
  expect(group?.difference).toBeCloseTo(expected.mean, 9);
  expect(group?.t).toBeCloseTo(expected.t, 6);
  const without = cli.fresh('without');
  await train({ sentences, out: without, order: 2 });
  await expect(compared(tokens, without)).rejects.toThrow('has no word classes');
});
