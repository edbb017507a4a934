import type { Command } from 'commander';
import { addCombineFlags, combine, type CombineFlags } from './combine.js';

const HELP = `
The new model equals a model trained on the text of the first model without the texts of the others, which must be parts of it. The
models must fit together as for kneser merge.

Example:
  kneser subtract model march --out without-march`;

/** `kneser subtract`. */
export function define(command: Command): void {
  command
    .argument('<model>', 'the model to subtract from: a folder, a packed file or its address')
    .argument('<part...>', 'models of texts that are parts of its text');
  addCombineFlags(command).addHelpText('after', HELP).action(run);
}

async function run(model: string, parts: readonly string[], flags: CombineFlags): Promise<void> {
  const { subtract } = await import('../train/merge.js');
  await combine(flags, options => subtract({ model, subtract: parts, ...options }));
}
