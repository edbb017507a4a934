import type { Command } from 'commander';
import { standard } from '../base/node/standard-streams.js';
import type { PruneReport } from '../tools/prune.js';
import { interruption } from './interruption.js';
import { bytes, print, whole } from './output.js';
import { withProgress } from './progress.js';
import { parseNumber, parseThresholds } from './values.js';
import { addNewModelFlags, type NewModelFlags } from './new-model.js';
import { quoted } from '../base/quoted.js';

const HELP = `
Example:
  kneser prune model --out small --prune 0,0,1`;

/** Flags of `kneser prune`. */
interface PruneFlags extends NewModelFlags {
  readonly prune?: readonly number[];
  readonly entropy?: number;
}

/** `kneser prune`. */
export function define(command: Command): void {
  command
    .argument('<dir>', 'folder of the model, which is not changed')
    .requiredOption('-o, --out <dir>', 'folder of the copy')
    .option(
      '--prune <list>',
      'drop n-grams that occur at most as often as the threshold of their order; the last threshold also holds for higher ' +
        'orders. 0,0,1 (or 0 0 1) drops n-grams of order 3 and up that occur once',
      parseThresholds,
    )
    .option(
      '--entropy <share>',
      'drop n-grams without which the perplexity rises by less than this share, such as 1e-8',
      parseNumber('1e-8'),
    );
  addNewModelFlags(command).addHelpText('after', HELP).action(run);
}

async function run(model: string, flags: PruneFlags): Promise<void> {
  const { out, json = false, quiet = false, ...how } = flags;
  const { prune } = await import('../tools/prune.js');
  const signal = interruption();
  const report = await withProgress(quiet, progress => prune({ model, out, ...how, signal, ...progress }));
  if (json) await print(JSON.stringify(report) + '\n');
  else if (!quiet) standard.stderr.write(summary(report));
}

function summary({ out, tables, bytes: size, seconds }: PruneReport): string {
  const kept = tables.reduce((sum, { types }) => sum + types, 0);
  const all = tables.reduce((sum, { dropped }) => sum + dropped, kept);
  return (
    `${out}: ${whole(kept)} of ${whole(all)} n-grams, ${bytes(size)}, ${seconds.toFixed(1)} s\n` +
    `Next: kneser perplexity ${quoted(out)} FILE\n`
  );
}
