import { InvalidArgumentError, Option, type Command } from 'commander';
import { givenOptions } from '../base/check.js';
import { KneserError } from '../base/errors.js';
import type { WeighOptions, WeighReport } from '../documents/weigh.js';
import { standard } from '../base/node/standard-streams.js';
import { given } from './given.js';
import { addDocumentFlags, documentOptions } from './documents.js';
import { interruption } from './interruption.js';
import { withProgress } from './progress.js';
import { figure, print, printTable, warn, whole } from './output.js';
import { parseNumber, parseWhole } from './values.js';

const HELP = `
With --target and --minimax one n-gram model is trained for each domain, all with the same vocabulary; every fifth document is
held out. Use the weights to choose data, not to mix models: one model of all text is better than a mixture of domain models.

Examples:
  kneser weigh --domain news=news.jsonl --domain web=web1.jsonl,web2.jsonl --target dev.txt
  kneser weigh crawl.jsonl.gz --within source --target dev.txt
  kneser weigh --losses losses.tsv --scores errors.tsv --tau tokens.tsv --budget 1e9 --json`;

/** The sentence under every table of minimax. */
const NO_EVIDENCE = 'There is no evidence that minimax weights of n-gram models help a neural model.';

/** Flags of `kneser weigh`. */
interface WeighFlags extends Omit<WeighOptions, 'domains' | 'files' | 'onProgress' | 'onWarning' | 'signal'> {
  readonly domain?: NonNullable<WeighOptions['domains']>;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/** The flags that are options of the library. */
const LIBRARY_OPTIONS = [
  ...(['within', 'target', 'order', 'vocabLimit', 'lowercase', 'budget'] as const),
  ...(['minimax', 'reference', 'rounds', 'step', 'smooth'] as const),
  ...(['losses', 'scores', 'tau', 'estimator', 'projection'] as const),
];

/** `kneser weigh`. */
export function define(command: Command): void {
  command
    .argument('[file...]', 'files of the documents of all domains, with --within')
    .option('--domain <name=files>', 'a domain and its files, separated by commas; once for each domain', addDomain)
    .option('--within <field>', 'the member that names the domain of each document of FILES')
    .option('--target <file...>', 'find the weights with which the mixture of the models predicts these files best')
    .option(
      '--minimax',
      'find the weights for which the largest excess loss of a domain is least (no evidence that they help a neural model)',
    )
    .addOption(
      new Option(
        '--reference <which>',
        'excess loss is relative to the best mixture for the domain (own) or for all domains (pooled) (default: own)',
      ).choices(['own', 'pooled']),
    )
    .option('--rounds <n>', 'rounds of --minimax (default: 200)', parseWhole)
    .option('--step <x>', 'step size of --minimax (default: 1)', parseNumber('1'))
    .option(
      '--smooth <share>',
      'share of the uniform distribution in the weights of each round of --minimax (default: 0.001)',
      parseNumber('0.001'),
    )
    .option('--losses <file>', 'TSV table with a header: the loss of each model (row) on each domain (column)')
    .option('--scores <file>', 'TSV table with a header: the error of each model on a benchmark, lower is better')
    .addOption(
      new Option('--estimator <name>', 'how losses and errors are correlated (default: spearman)').choices([
        'spearman',
        'sign-cdf',
        'sign-sign',
        'sign',
        'product',
      ]),
    )
    .addOption(
      new Option('--projection <name>', 'how correlations become weights (default: linear)').choices(['linear', 'l2']),
    )
    .option(
      '--tau <file>',
      'TSV table with a header: the number of tokens of each domain; or tokens: count those of the domains',
    )
    .option('--budget <tokens>', 'number of tokens that the weights will choose for training', parseNumber('1e9'))
    .option('--order <n>', "order of the domains' models (default: 3)", parseWhole)
    .option('--vocab-limit <n>', "size of the domains' vocabulary (default: 50,000)", parseWhole)
    .option('--lowercase', 'lower-case all text');
  addDocumentFlags(command)
    .option('--json', 'print one JSON object')
    .option('-q, --quiet', 'no progress')
    .addHelpText('after', HELP)
    .action(run);
}

async function run(paths: readonly string[], flags: WeighFlags): Promise<void> {
  checkDomains(paths, flags);
  const { weigh } = await import('../documents/weigh.js');
  const { domain: domains, json = false, quiet = false } = flags;
  const options: WeighOptions = {
    ...documentOptions(flags),
    ...given({ domains, files: paths.length > 0 ? paths : undefined }),
    ...givenOptions(flags, LIBRARY_OPTIONS),
    signal: interruption(),
    onWarning: warn,
  };
  const report = await withProgress(quiet || !standard.stderr.isTTY, progress => weigh({ ...options, ...progress }));
  if (json) await print(JSON.stringify(report) + '\n');
  else {
    await printReport(report);
    const { conventionsLine } = await import('../documents/conventions.js');
    await print(`\n${conventionsLine(report.conventions)}\n`);
  }
}

/** Refuses domains that are not named in one of the two ways: the library refuses them by its own names. */
function checkDomains(paths: readonly string[], { domain, within }: WeighFlags): void {
  const hasFiles = paths.length > 0;
  if (hasFiles === (within !== undefined) && !(hasFiles && domain)) return;
  const given = domain ? 'both' : within === undefined ? `${paths[0]} alone` : '--within alone';
  throw new KneserError(
    'KNESER_OPTION',
    `weigh: domains are named by --domain NAME=FILES, or by --within FIELD in the documents of FILE...; give one of the two, not ${given}`,
  );
}

async function printReport({ domains, method, objective }: WeighReport): Promise<void> {
  const optional = (value: number | null, digits: number): string => figure(value, digits);
  await printTable(
    ['domain', 'weight', 'documents', 'tokens', 'bits/byte', 'excess', 'correlation', 'epochs'],
    domains.map(({ name, weight, documents, tokens, bitsPerByte, excess, correlation, epochsAt }) => [
      name,
      figure(weight, 4),
      documents === null ? '–' : whole(documents),
      tokens === null ? '–' : whole(tokens),
      optional(bitsPerByte, 3),
      optional(excess, 4),
      optional(correlation, 4),
      optional(epochsAt, 2),
    ]),
  );
  if (method === 'target')
    await print(`\nperplexity of the target under the mixture: ${figure(Math.exp(objective ?? NaN), 2)}\n`);
  if (method === 'minimax') await print(`\nhighest excess: ${figure(objective, 4)} nats a token\n${NO_EVIDENCE}\n`);
}

/** Adds `news=a.txt,b.txt` to the domains. */
function addDomain(
  text: string,
  before: Readonly<Record<string, readonly string[]>> = {},
): Readonly<Record<string, readonly string[]>> {
  const at = text.indexOf('=');
  const name = text.slice(0, at);
  if (at < 1 || at === text.length - 1)
    throw new InvalidArgumentError('It takes a name and files, such as news=a.jsonl.');
  return {
    ...before,
    [name]: [...(Object.hasOwn(before, name) ? before[name] : []), ...text.slice(at + 1).split(',')],
  };
}
