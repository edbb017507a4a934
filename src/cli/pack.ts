import type { Command } from 'commander';
import { interruption } from './interruption.js';
import type { NewModelFlags } from './new-model.js';
import { printPacked } from './packing.js';
import { withProgress } from './progress.js';
import { quoted } from '../base/quoted.js';

const HELP = `
Where a command reads the folder of a model, it also takes the file or its address: kneser score https://example.org/model.kneser

Example:
  kneser pack model --out model.kneser`;

/** `kneser pack`. */
export function define(command: Command): void {
  command
    .argument('<dir>', 'folder of the model')
    .requiredOption('-o, --out <file>', 'the file, such as model.kneser')
    .option('-f, --force', 'replace an existing file')
    .option('--json', 'print one JSON object')
    .option('-q, --quiet', 'no progress, no summary')
    .addHelpText('after', HELP)
    .action(run);
}

async function run(model: string, flags: NewModelFlags): Promise<void> {
  const { out, force = false, quiet = false } = flags;
  const { pack } = await import('../tools/pack.js');
  const signal = interruption();
  const report = await withProgress(quiet, progress => pack({ model, out, force, signal, ...progress }));
  await printPacked(report, flags, `kneser score ${quoted(out)}`);
}
