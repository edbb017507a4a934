import type { Command } from 'commander';
import { standard } from '../base/node/standard-streams.js';
import { addBuildFlags, type BuildFlags } from './build-flags.js';
import { buildOptions } from './build-options.js';
import { interruption } from './interruption.js';
import { print, warn } from './output.js';
import { withProgress } from './progress.js';
import { summary } from './train.js';
import { addNewModelFlags, type NewModelFlags } from './new-model.js';

const HELP = `
The job's SQL is from kneser spark plan. The model equals the one that kneser train makes of the same text.

Example:
  hadoop fs -get hdfs:///job/model job && kneser spark import job --out model`;

/** Flags of `kneser spark import`. */
interface ImportFlags extends BuildFlags, NewModelFlags {}

/** `kneser spark import`. */
export function define(command: Command): void {
  command
    .argument('<job>', 'folder of the job, or its folder model, on this machine')
    .requiredOption('-o, --out <dir>', 'folder of the model');
  addBuildFlags(command, ['memory']);
  addNewModelFlags(command).addHelpText('after', HELP).action(run);
}

async function run(job: string, flags: ImportFlags): Promise<void> {
  const { out, force = false, json = false, quiet = false } = flags;
  const { sparkImport } = await import('../spark/import.js');
  const signal = interruption();
  const options = await buildOptions(flags, ['memory']);
  const report = await withProgress(quiet, progress =>
    sparkImport({ job, out, ...options, force, signal, ...progress }),
  );
  report.warnings.forEach(warn);
  if (json) await print(JSON.stringify(report) + '\n');
  else if (!quiet) standard.stderr.write(summary(report));
}
