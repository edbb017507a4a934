import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  correlations,
  fitWeights,
  gradients,
  groupStep,
  minimaxWeights,
  mixtureLoss,
  project,
  type Probabilities,
} from '#kneser/src/documents/mixing.js';
import { weigh, type WeighReport } from '#kneser/src/index.js';
import { CommandLine } from '../support/command-line.js';
import { randomNumbers } from '../support/models.js';

const cli = new CommandLine('weigh-cli');
const random = randomNumbers(9);

const LOSSES = [
  [0.9, 1.1, 0.7],
  [0.85, 1.0, 0.8],
  [0.95, 0.9, 0.75],
  [0.7, 1.2, 0.6],
  [0.8, 1.05, 0.65],
];
const ERRORS = [0.6, 0.5, 0.65, 0.3, 0.4];

test('correlations and their projection are those of an independent computation', () => {
  const close = (values: readonly number[]): unknown[] => values.map(value => expect.closeTo(value, 12) as unknown);
  expect(correlations(LOSSES, ERRORS, 'spearman')).toEqual(close([1, -0.7, 0.7]));
  expect(correlations(LOSSES, ERRORS, 'sign-cdf')).toEqual(close([0.4, -0.28, 0.28]));
  expect(correlations(LOSSES, ERRORS, 'sign-sign')).toEqual(close([1, -0.6, 0.6]));
  expect(correlations(LOSSES, ERRORS, 'sign')).toEqual(close([0.12, -0.11, 0.07]));
  expect(project([1, -0.7, 0.7], [0.5, 0.6, 0.3], 'linear')).toEqual(close([0.5, 0.2, 0.3]));
  const near = project([0.4, -0.3, 0.2], [0.5, 0.6, 0.6], 'l2');
  expect(near.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 12);
  expect(near[0] - near[2]).toBeLessThanOrEqual(0.2 + 1e-12);
});

test("a step of group DRO is DoReMi's", () => {
  const step = (smooth: number): number[] => [...groupStep([0.5, 0.3, 0.2], [0.2, -0.1, 0.5], 1, smooth)];
  expect(step(1e-4)).toEqual([0.49230828, 0.24185772, 0.265834].map(q => expect.closeTo(q, 8) as unknown));
  expect(step(1e-3)).toEqual([0.49216519, 0.24194005, 0.26589476].map(q => expect.closeTo(q, 8) as unknown));
});

function randomText(models: number, tokens: number, strong: number): Probabilities {
  const values = Float64Array.from(
    { length: tokens * models },
    (_, at) => (at % models === strong ? 0.1 : 0.02) + 0.3 * random() ** 4,
  );
  return { values, models };
}

test('weights by EM satisfy the conditions of the optimum', () => {
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 5 }), models => {
      const text = randomText(models, 300, 0);
      const weights = fitWeights([text], [1], undefined, 20_000, 1e-15);
      expect(weights.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 12);
      gradients(text, weights).forEach((gradient, i) => {
        expect(gradient).toBeLessThanOrEqual(1 + 1e-5);
        if (weights[i] > 1e-3) expect(gradient).toBeCloseTo(1, 5);
      });
    }),
    { numRuns: 10 },
  );
});

test('minimax comes near the least worst excess that a search of all mixtures finds', () => {
  const texts = [0, 1, 2].map(strong => randomText(3, 150, strong));
  const references = texts.map(text => mixtureLoss(text, fitWeights([text])));
  const worst = (weights: readonly number[]): number =>
    Math.max(...texts.map((text, j) => mixtureLoss(text, weights) - references[j]));
  let least = Infinity;
  for (let a = 0; a <= 60; a++)
    for (let b = 0; a + b <= 60; b++)
      least = Math.min(least, worst([a / 60, b / 60, 1 - (a + b) / 60].map(w => Math.max(w, 1e-12))));
  const found = minimaxWeights(texts, references, { rounds: 600, step: 1, smooth: 1e-4 });
  expect(Math.max(...found.excess) - least).toBeLessThan(3e-3);
  expect(found.weights.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 10);
});

const WORDS = {
  news: 'minister vote law city mayor',
  sport: 'goal team ball match coach',
  food: 'salt oven bread soup spoon',
};

function domainFile(name: keyof typeof WORDS): string {
  const words = WORDS[name].split(' ');
  const line = (): string => Array.from({ length: 8 }, () => words[Math.floor(5 * random())]).join(' ');
  return cli.file(Array.from({ length: 40 }, () => `${line()}\n`).join(''));
}

test('domains are weighed for a target, and against the worst of them', async () => {
  const [news, sport, food] = [domainFile('news'), domainFile('sport'), domainFile('food')];
  const target = cli.file('the goal of the team\nball match coach goal\nsoup spoon\n'.repeat(5));
  const domains = ['--domain', `news=${news}`, '--domain', `sport=${sport}`, '--domain', `food=${food}`];
  const [report] = await cli.json<WeighReport>(['weigh', ...domains, '--target', target, '--budget', '1000']);
  const weights = report.train_domain_weights;
  expect(Object.keys(weights)).toEqual(['news', 'sport', 'food']);
  expect(weights.sport).toBeGreaterThan(weights.food);
  expect(weights.food).toBeGreaterThan(weights.news);
  expect(report.domains[0]).toMatchObject({ documents: 40, tokens: 360 });
  const minimax = await weigh({ domains: { news: [news], sport: [sport] }, minimax: true, rounds: 50 });
  expect(minimax.train_domain_weights.news).toBeCloseTo(0.5, 1);
  expect(await cli.print(['weigh', ...domains, '--minimax', '--rounds', '5'])).toContain('There is no evidence');
});

test('tables of losses and scores give weights; what is wrong with them is said', async () => {
  const table = (rows: readonly (readonly (string | number)[])[]): string =>
    cli.file(rows.map(row => `${row.join('\t')}\n`).join(''), '.tsv');
  const losses = table([['model', 'news', 'web', 'code'], ...LOSSES.map((row, k) => [`m${k}`, ...row])]);
  const scores = table([['model', 'error'], ...ERRORS.map((error, k) => [`m${k}`, error]).reverse()]);
  const tau = table([
    ['domain', 'tokens'],
    ['news', 500],
    ['web', 600],
    ['code', 300],
  ]);
  const args = ['weigh', '--losses', losses, '--scores', scores];
  const [report] = await cli.json<WeighReport>([...args, '--tau', tau, '--budget', '1000']);
  expect(report.train_domain_weights).toEqual({ news: 0.5, web: expect.closeTo(0.2, 12) as number, code: 0.3 });
  expect(report.domains[0]).toMatchObject({ correlation: 1, epochsAt: 1 });
  const cases: [readonly string[], RegExp][] = [
    [args, /--tau: is missing/],
    [[...args, '--tau', tau, '--budget', '2000'], /--budget: the domains have 70.0 % of it/],
    [['weigh', '--losses', losses], /losses and scores belong together/],
    [['weigh'], /it takes one of target, minimax, and losses with scores, not 0/],
    [['weigh', '--minimax'], /domain/],
    [
      [
        'weigh',
        '--losses',
        table([
          ['model', 'a'],
          ['m0', 'x'],
        ]),
        '--scores',
        scores,
        '--tau',
        tau,
      ],
      /line 2, a: "x" is not a number/,
    ],
  ];
  for (const [wrong, message] of cases) expect(await cli.refuse(2, wrong)).toMatch(message);
});
