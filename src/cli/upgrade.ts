import type { Command } from 'commander';
import { standard } from '../base/node/standard-streams.js';
import { interruption } from './interruption.js';
import { bytes, print, whole } from './output.js';
import { withProgress } from './progress.js';
import { addNewModelFlags, type NewModelFlags } from './new-model.js';
import { quoted } from '../base/quoted.js';

const HELP = `
Example:
  kneser upgrade old-model --out model`;

/** `kneser upgrade`. */
export function define(command: Command): void {
  command
    .argument('<model>', 'a model of kneser 0.1.0: its folder, or a packed file; it is not changed')
    .requiredOption('-o, --out <dir>', 'folder of the new model');
  addNewModelFlags(command).addHelpText('after', HELP).action(run);
}

async function run(model: string, flags: NewModelFlags): Promise<void> {
  const { json = false, quiet = false, ...how } = flags;
  const { upgrade } = await import('../tools/upgrade.js');
  const signal = interruption();
  const report = await withProgress(quiet, progress => upgrade({ model, ...how, signal, ...progress }));
  const { out, ngrams, bytes: size, seconds } = report;
  if (json) await print(JSON.stringify(report) + '\n');
  else if (!quiet) {
    standard.stderr.write(
      `${out}: ${whole(ngrams)} n-grams, ${bytes(size)}, ${seconds.toFixed(1)} s\nNext: kneser perplexity ${quoted(out)} FILE\n`,
    );
  }
}
