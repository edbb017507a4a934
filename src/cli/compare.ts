import type { Command } from 'commander';
import type { ModelComparison, TokenDifference, TokenGroup } from '../baseline/compare.js';
import type { ContextGroup } from '../baseline/contexts.js';
import { pText, range, signed } from '../report/figures.js';
import { print, printTable, whole } from './output.js';
import { addResamplingFlags } from './resampling.js';
import { parsePair, parseWhole } from './values.js';

const HELP = `
Each file is a table of tokens as kneser baseline writes it. With two files, the first model is in the first file, and the
second model in the second file, which may lack the columns MODEL.matched.

Examples:
  kneser compare baseline/tokens.tsv.gz --models glm5,mkn5
  kneser compare baseline/tokens.tsv.gz neural.tsv.gz --models glm5,lstm`;

/** Flags of `kneser compare`. */
interface CompareFlags {
  readonly models?: readonly [string, string];
  readonly classes?: string;
  readonly top: number;
  readonly resamples: number;
  readonly seed: number;
  readonly json?: boolean;
}

/** `kneser compare`. */
export function define(command: Command): void {
  command
    .argument('<file>', 'table of tokens, .tsv or .tsv.gz')
    .argument('[other]', 'another table of the same tokens, with the second model')
    .option(
      '--models <a,b>',
      'names of the two models (default: the models of the tables, if there are just two)',
      parsePair,
    )
    .option('--classes <model>', 'group tokens by the word classes of this model, too')
    .option(
      '--top <n>',
      'number of tokens with the largest gains, and with the largest losses, to print',
      parseWhole,
      10,
    );
  addResamplingFlags(command).option('--json', 'print one JSON object').addHelpText('after', HELP).action(run);
}

async function run(file: string, other: string | undefined, flags: CompareFlags): Promise<void> {
  const { models, classes, top, resamples, seed } = flags;
  const { compare } = await import('../baseline/compare.js');
  const comparison = await compare({
    file,
    top,
    resamples,
    seed,
    ...(other === undefined ? {} : { other }),
    ...(models ? { models } : {}),
    ...(classes === undefined ? {} : { classes }),
  });
  if (flags.json) await print(JSON.stringify(comparison) + '\n');
  else await printComparison(comparison, resamples);
}

async function printComparison(comparison: ModelComparison, resamples: number): Promise<void> {
  const { models, sentences, documents, tokens, oov, difference, interval, relative, p } = comparison;
  const [first, second] = models.map(({ name, file }) =>
    models[0].name === models[1].name ? `${name} of ${file}` : name,
  );
  await print(
    `${first} and ${second} on ${whole(sentences)} sentences${documents > 0 ? ` of ${whole(documents)} documents` : ''}, ${whole(tokens)} tokens, ${whole(oov)} of them OOVs.\n` +
      `Perplexity ${models[0].perplexity.toFixed(2)} and ${models[1].perplexity.toFixed(2)}: ` +
      `${signed(difference, 2)}, ${range(interval, 2)}, ${signed(100 * relative, 1)} %, p ${pText(p, resamples)}\n` +
      'Differences below are of log10 p: above 0 the first model is better.\n',
  );
  const printGroups = async (title: string, groups: readonly TokenGroup[]): Promise<void> => {
    await print('\n');
    await printTable(
      [title, 'tokens', first, second, 'difference', 'first better', 'second better'],
      groups.map(group => [
        group.name,
        whole(group.tokens),
        ...group.log10Prob.map(mean => signed(mean, 4)),
        signed(group.difference, 4),
        ...group.better.map(share => `${(100 * share).toFixed(1)} %`),
      ]),
    );
  };
  await printGroups('count in training', comparison.byCount);
  await printGroups('position', comparison.byPosition);
  // If both models have the same n-grams, they have the same matched lengths: one table is enough.
  const [one, two] = comparison.byMatched;
  const alike = comparison.byMatched.length === 2 && JSON.stringify(one.groups) === JSON.stringify(two.groups);
  for (const { model, groups } of alike ? [{ ...one, model: 'both' }] : comparison.byMatched) {
    await printGroups(`matched by ${model}`, groups);
  }
  const { tested, gains, losses } = comparison.byContext;
  await printContexts(`${first} is better where`, tested, gains);
  await printContexts(`${second} is better where`, tested, losses);
  await printExtremes(`${first} gains most`, comparison.gains);
  await printExtremes(`${first} loses most`, comparison.losses);
}

async function printContexts(title: string, tested: number, groups: readonly ContextGroup[]): Promise<void> {
  if (groups.length === 0) return;
  await print(`\n${title} (of ${whole(tested)} groups, at 5 % false discoveries)\n\n`);
  await printTable(
    ['by', 'tokens', 'group', 'difference', 't', 'for example'],
    groups.map(({ template, tokens, name, difference, t, examples }) => [
      template,
      whole(tokens),
      name,
      signed(difference, 3),
      signed(t, 1),
      examples[0],
    ]),
  );
}

async function printExtremes(title: string, tokens: readonly TokenDifference[]): Promise<void> {
  if (tokens.length === 0) return;
  await print(`\n${title}\n\n`);
  await printTable(
    ['token in its context', 'difference', 'first', 'second', 'matched', 'count', 'sentence'],
    tokens.map(({ token, context, oov, difference, log10Prob, matched, count, sentence }) => [
      `${[...context.slice(-CONTEXT_SHOWN), `[${token}]`].join(' ')}${oov ? '*' : ''}`,
      signed(difference, 3),
      ...log10Prob.map(value => signed(value, 3)),
      matched.map(length => length ?? '–').join(' '),
      whole(count),
      whole(sentence),
    ]),
  );
}

/** The number of context tokens that are printed: more would not fit a line. */
const CONTEXT_SHOWN = 5;
