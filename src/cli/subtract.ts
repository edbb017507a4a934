import type { Command } from 'commander';
import { addCombineFlags, combine, type CombineFlags } from './combine.js';

const HELP = `
The result equals a model trained without the text of the second model, which must be part of the text of the first. The conditions
are those of kneser merge.

Example:
  kneser subtract model march --out without-march`;

/** `kneser subtract`. */
export function define(command: Command): void {
  command
    .argument('<model>', 'the model to subtract from: a folder, a packed file or its address')
    .argument('<part...>', 'models of texts that are part of its text');
  addCombineFlags(command).addHelpText('after', HELP).action(run);
}

async function run(model: string, parts: readonly string[], flags: CombineFlags): Promise<void> {
  const { subtract } = await import('../train/merge.js');
  await combine(flags, options => subtract({ model, subtract: parts, ...options }));
}
