import type { Command } from 'commander';
import { interruption } from './interruption.js';
import { printPacked } from './packing.js';
import { withProgress } from './progress.js';
import { addNewModelFlags, type NewModelFlags } from './new-model.js';
import { quoted } from '../base/quoted.js';

const HELP = `
Example:
  kneser unpack model.kneser --out model`;

/** `kneser unpack`. */
export function define(command: Command): void {
  command
    .argument('<file>', 'the packed file, or its address')
    .requiredOption('-o, --out <dir>', 'folder of the model');
  addNewModelFlags(command).addHelpText('after', HELP).action(run);
}

async function run(file: string, flags: NewModelFlags): Promise<void> {
  const { out, force = false, quiet = false } = flags;
  const { unpack } = await import('../tools/unpack.js');
  const signal = interruption();
  const report = await withProgress(quiet, progress => unpack({ file, out, force, signal, ...progress }));
  await printPacked(report, flags, `kneser perplexity ${quoted(out)} FILE`);
}
