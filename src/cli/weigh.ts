import { InvalidArgumentError, Option, type Command } from 'commander';
import type { WeighOptions, WeighReport } from '../documents/weigh.js';
import type { DocumentOptions } from '../text/formats/corpus.js';
import { given } from './annotate.js';
import { addDocumentFlags, documentOptions } from './documents.js';
import { interruption } from './interruption.js';
import { figure, print, printTable, warn, whole } from './output.js';
import { parseNumber, parseWhole } from './values.js';

const HELP = `
The domains' models are n-gram models with one vocabulary; every fifth document is held out. Weights are for choosing data,
not for mixing models: one model of all text beats any mixture of the domains' models.

Examples:
  kneser weigh --domain news=news.jsonl --domain web=web1.jsonl,web2.jsonl --target dev.txt
  kneser weigh crawl.jsonl.gz --within source --target dev.txt
  kneser weigh --losses losses.tsv --scores errors.tsv --tau tokens.tsv --budget 1e9 --json`;

/** The sentence under every table of minimax. */
const NO_EVIDENCE = 'There is no evidence that minimax weights of n-gram models help a neural model.';

/** Flags of `kneser weigh`. */
interface WeighFlags extends DocumentOptions {
  readonly domain?: Readonly<Record<string, readonly string[]>>;
  readonly within?: string;
  readonly target?: readonly string[];
  readonly minimax?: boolean;
  readonly reference?: 'own' | 'pooled';
  readonly rounds?: number;
  readonly step?: number;
  readonly smooth?: number;
  readonly losses?: string;
  readonly scores?: string;
  readonly estimator?: NonNullable<WeighOptions['estimator']>;
  readonly projection?: NonNullable<WeighOptions['projection']>;
  readonly tau?: string;
  readonly budget?: number;
  readonly order?: number;
  readonly vocabLimit?: number;
  readonly lowercase?: boolean;
  readonly json?: boolean;
}

/** `kneser weigh`. */
export function define(command: Command): void {
  command
    .argument('[file...]', 'files of the documents of all domains, with --within')
    .option('--domain <name=files>', 'a domain and its files, separated by commas; give it once a domain', addDomain)
    .option('--within <field>', 'a member that names the domain of each document of FILES')
    .option('--target <file...>', 'find the weights that predict these files best')
    .option('--minimax', 'find the weights whose worst excess loss is least (no evidence that they help a network)')
    .addOption(
      new Option(
        '--reference <which>',
        'the loss that excess is over: the best for the domain, or the best for all (default: own)',
      ).choices(['own', 'pooled']),
    )
    .option('--rounds <n>', 'rounds of --minimax (default: 200)', parseWhole)
    .option('--step <x>', 'step of --minimax (default: 1)', parseNumber('1'))
    .option(
      '--smooth <share>',
      'share of the uniform distribution in each round (default: 0.001)',
      parseNumber('0.001'),
    )
    .option('--losses <file>', 'table of losses: a row a model, a column a domain (TSV with a head)')
    .option('--scores <file>', 'table of the error of each model, lower is better (TSV with a head)')
    .addOption(
      new Option('--estimator <name>', 'how losses and scores are compared (default: spearman)').choices([
        'spearman',
        'sign-cdf',
        'sign-sign',
        'sign',
        'product',
      ]),
    )
    .addOption(
      new Option('--projection <name>', 'how comparisons become weights (default: linear)').choices(['linear', 'l2']),
    )
    .option(
      '--tau <file>',
      'table of the tokens of each domain (TSV with a head), or tokens: count those of the domains',
    )
    .option('--budget <tokens>', 'tokens that will be trained on', parseNumber('1e9'))
    .option('--order <n>', "order of the domains' models (default: 3)", parseWhole)
    .option('--vocab-limit <n>', 'words that they know (default: 50,000)', parseWhole)
    .option('--lowercase', 'lower-case all text');
  addDocumentFlags(command).option('--json', 'print one JSON object').addHelpText('after', HELP).action(run);
}

async function run(paths: readonly string[], flags: WeighFlags): Promise<void> {
  const { weigh } = await import('../documents/weigh.js');
  const { domain: domains, target, minimax, reference, rounds, step, smooth, losses, scores, json = false } = flags;
  const { within, estimator, projection, tau, budget, order, vocabLimit, lowercase } = flags;
  const report = await weigh({
    ...documentOptions(flags),
    ...given({
      domains,
      files: paths.length > 0 ? paths : undefined,
      within,
      target,
      minimax,
      reference,
      rounds,
      step,
      smooth,
      losses,
      scores,
    }),
    ...given({ estimator, projection, tau, budget, order, vocabLimit, lowercase }),
    signal: interruption(),
    onWarning: warn,
  });
  if (json) await print(JSON.stringify(report) + '\n');
  else await printReport(report);
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

/** `news=a.txt,b.txt`. */
function addDomain(
  text: string,
  before: Readonly<Record<string, readonly string[]>> = {},
): Readonly<Record<string, readonly string[]>> {
  const at = text.indexOf('=');
  const name = text.slice(0, at);
  if (at < 1 || at === text.length - 1)
    throw new InvalidArgumentError('It takes a name and files, such as news=a.jsonl.');
  return { ...before, [name]: [...(before[name] ?? []), ...text.slice(at + 1).split(',')] };
}
