import type { Command } from 'commander';
import { standard } from '../base/node/standard-streams.js';
import { printNgrams, type ListFlags } from './listing.js';
import { withProgress } from './progress.js';
import { parseWhole } from './values.js';

const HELP = `
A line of output has the tokens of an n-gram, separated by spaces, then a tab and the number of occurrences in the training text.
All n-grams of --order tokens are printed, and the shorter n-grams that begin with <s>. All other counts can be computed from these:
an n-gram that does not begin with <s> occurs as often as all n-grams together that are one token longer and end with it.

Examples:
  kneser counts model --order 2 | sort -t "$(printf '\\t')" -k 2 -nr | head
  kneser counts model > counts.tsv`;

/** Flags of `kneser counts`. */
interface CountsFlags extends ListFlags {
  readonly order?: number;
  readonly quiet?: boolean;
}

/** `kneser counts`. */
export function define(command: Command): void {
  command
    .argument('<dir>', 'folder of the model')
    .option(
      '--order <n>',
      'length of the n-grams [tokens], at most the order of the model, which is the default',
      parseWhole,
    )
    .option('--json', 'print one JSON object on each line')
    .option('-q, --quiet', 'no progress')
    .addHelpText('after', HELP)
    .action(run);
}

async function run(model: string, { order, json, quiet = false }: CountsFlags): Promise<void> {
  const { ngramCounts } = await import('../tools/counts.js');
  // No progress if standard error is not a terminal, or if the n-grams are printed on the same terminal.
  await withProgress(quiet || !standard.stderr.isTTY || standard.stdout.isTTY === true, progress =>
    printNgrams(model, ngramCounts({ model, ...(order === undefined ? {} : { order }), ...progress }), { json }),
  );
}
