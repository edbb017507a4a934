import type { Command } from 'commander';
import { printWords, type ListFlags } from './listing.js';

const HELP = `
A line of output has a word, a tab, and the number of occurrences in the training text: first <unk> and </s>, then the words by
falling count. A model imported from an ARPA file has no counts: its lines are the words alone.

Example:
  kneser vocabulary model | head -20`;

/** `kneser vocabulary`. */
export function define(command: Command): void {
  command
    .argument('<dir>', 'folder of the model')
    .option('--json', 'print one JSON object on each line')
    .addHelpText('after', HELP)
    .action(run);
}

async function run(model: string, flags: ListFlags): Promise<void> {
  const { wordCounts } = await import('../tools/counts.js');
  await printWords(model, wordCounts({ model }), flags);
}
