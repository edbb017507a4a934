import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
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
  const stages = new Set<string>();
  const minimax = await weigh({
    domains: { news: [news], sport: [sport] },
    minimax: true,
    rounds: 50,
    onProgress: ({ stage, unit }) => void stages.add(`${stage} ${unit}`),
  });
  expect([...stages]).toEqual(expect.arrayContaining(['count tokens', 'score tokens']));
  expect(minimax.train_domain_weights.news).toBeCloseTo(0.5, 1);
  expect(await cli.print(['weigh', ...domains, '--minimax', '--rounds', '5'])).toContain('There is no evidence');
});

test('domains are the values of a member, too', async () => {
  const names = ['news', 'sport', 'food'] as const;
  const files = names.map(domainFile);
  const lines = files.map(file => readFileSync(file, 'utf8').trimEnd().split('\n'));
  const mixed = cli.file(
    lines[0]
      .map((_, i) => names.map((from, d) => `${JSON.stringify({ text: lines[d][i], from })}\n`).join(''))
      .join(''),
    '.jsonl',
  );
  const target = cli.file('goal of the team\n'.repeat(5));
  const options = { target: [target], order: 2 };
  const apart = await weigh({ ...options, domains: Object.fromEntries(names.map((name, d) => [name, [files[d]]])) });
  const [within] = await cli.json<WeighReport>([
    'weigh',
    mixed,
    '--within',
    'from',
    '--target',
    target,
    '--order',
    '2',
  ]);
  expect(within).toEqual(apart);
  const [{ bitsPerToken, bitsPerByte }] = apart.domains;
  const heldOut = lines[0].filter((_, i) => i % 5 === 4);
  const bytes = heldOut.reduce((sum, line) => sum + line.length + 1, 0);
  expect(bitsPerByte).toBeCloseTo(((bitsPerToken ?? NaN) * 9 * heldOut.length) / bytes, 10);
  for (const [args, given] of [
    [[mixed], `${mixed} alone`],
    [['--within', 'source'], '--within alone'],
    [[mixed, '--within', 'source', '--domain', `news=${mixed}`], 'both'],
  ] as const) {
    expect(await cli.refuse(2, ['weigh', ...args, '--target', target])).toContain(
      `domains are named by --domain NAME=FILES, or by --within FIELD in the documents of FILE...; give one of the two, not ${given}`,
    );
  }
  expect(await cli.refuse(2, ['weigh', mixed, '--within', 'text2', '--target', target])).toMatch(
    /--within: .* one value, null/,
  );
  const losses = cli.file(`model\t${names.join('\t')}\nm\t1\t2\t3\nn\t2\t1\t3\n`, '.tsv');
  const scores = cli.file('model\terror\nm\t0.5\nn\t0.4\n', '.tsv');
  const counted = await weigh({ losses, scores, tau: 'tokens', files: [mixed], within: 'from', budget: 500 });
  expect(counted.domains.map(({ tokens }) => tokens)).toEqual([360, 360, 360]);
  await expect(weigh({ losses, scores, tau: 'tokens' })).rejects.toThrow('tau: tokens counts those of domains');
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
    [['weigh', '--minimax', '--estimator', 'sign'], /--estimator: belongs to --losses/],
    [['weigh', '--target', tau, '--rounds', '9'], /--rounds: belongs to --minimax/],
    [
      [
        'weigh',
        '--minimax',
        '--domain',
        `a=${cli.file('a b\n'.repeat(9))}`,
        '--domain',
        `b=${cli.file('{"text":""}\n', '.jsonl')}`,
      ],
      /b: has no text to count; leave this domain out/,
    ],
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
    [[...args, '--tau', losses], /has 4 columns, and not two: a name and a number/],
    [
      [...args, '--tau', table([['domain', 'tokens'], ...['news', 'web', 'news'].map(name => [name, 1])])],
      /lines 2 and 4 have one name, news/,
    ],
    [[...args, '--tau', cli.file('news 500\nweb 600\n', '.tsv')], /line 1 has one column; a tab separates columns/],
    [['weigh', '--domain', `a=${tau}`, '--domain', `b=${scores}`, '--target', '-'], /can be read only once/],
  ];
  for (const [wrong, message] of cases) expect(await cli.refuse(2, wrong)).toMatch(message);
});

test('documents without text count in no domain, and domains have any names', async () => {
  const [news, sport] = [domainFile('news'), domainFile('sport')];
  const target = cli.file('goal team ball match\n'.repeat(9));
  // Every fifth line is blank: it is not the document that is held out.
  const blank = cli.file(readFileSync(news, 'utf8').replace(/((?:.+\n){4})/g, '$1\n'));
  const domains = ['--domain', `constructor=${blank}`, '--domain', `__proto__=${sport}`];
  const [report] = await cli.json<WeighReport>(['weigh', ...domains, '--target', target]);
  expect(report.domains).toMatchObject([
    { name: 'constructor', documents: 40 },
    { name: '__proto__', documents: 40 },
  ]);
  const lines = [news, sport].flatMap((file, d) =>
    readFileSync(file, 'utf8')
      .trimEnd()
      .split('\n')
      .map(text => JSON.stringify({ text, from: d === 0 ? 'news' : 'sport' })),
  );
  const within = cli.file(`{"id":1}\n${lines.join('\n')}\n`, '.jsonl');
  const args = ['weigh', within, '--within', 'from', '--target', target, '--missing', 'skip'];
  expect((await cli.json<WeighReport>(args))[0].domains.map(({ name }) => name)).toEqual(['news', 'sport']);
});
