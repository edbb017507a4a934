import type { Command } from 'commander';
import { printWords, type ListFlags } from './listing.js';

const HELP = `
A line of output is a word, a tab, and how often the training text has it: <unk>, </s>, then the words by falling count. Of a
model that was imported, which has no counts, it is the word alone.

Example:
  kneser vocabulary model | head -20`;

/** `kneser vocabulary`. */
export function define(command: Command): void {
  command
    .argument('<dir>', 'folder of the model')
    .option('--json', 'print a JSON object a line')
    .addHelpText('after', HELP)
    .action(run);
}

async function run(model: string, flags: ListFlags): Promise<void> {
  const { wordCounts } = await import('../tools/counts.js');
  await printWords(model, wordCounts({ model }), flags);
}
