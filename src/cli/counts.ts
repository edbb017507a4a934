import type { Command } from 'commander';
import { standard } from '../base/node/standard-streams.js';
import { printNgrams, type ListFlags } from './listing.js';
import { withProgress } from './progress.js';
import { parseWhole } from './values.js';

const HELP = `
A line of output is an n-gram, its tokens separated by spaces, a tab, and how often the training text has it: all n-grams of
--order tokens, and the shorter ones that begin with <s>. All other counts follow from these: an n-gram that does not begin
with <s> occurs as often as the n-grams one token longer that end with it, together.

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
    .option('--order <n>', 'tokens of an n-gram, at most the order of the model (default: that order)', parseWhole)
    .option('--json', 'print a JSON object a line')
    .option('-q, --quiet', 'no progress')
    .addHelpText('after', HELP)
    .action(run);
}

async function run(model: string, { order, json, quiet = false }: CountsFlags): Promise<void> {
  const { ngramCounts } = await import('../tools/counts.js');
  // No progress where standard error is no terminal, or where the n-grams themselves run over the screen.
  await withProgress(quiet || !standard.stderr.isTTY || standard.stdout.isTTY === true, progress =>
    printNgrams(model, ngramCounts({ model, ...(order === undefined ? {} : { order }), ...progress }), { json }),
  );
}
