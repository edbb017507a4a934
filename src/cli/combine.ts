import type { Command } from 'commander';
import { standard } from '../base/node/standard-streams.js';
import type { CombineOptions } from '../train/merge.js';
import { MACHINE_OPTION_NAMES } from '../train/plan/options.js';
import type { TrainReport } from '../train/train.js';
import { given } from './given.js';
import { addBuildFlags } from './build-flags.js';
import { addDocumentFlags, documentOptions } from './documents.js';
import { interruption } from './interruption.js';
import { addNewModelFlags, type NewModelFlags } from './new-model.js';
import { print, warn } from './output.js';
import { withProgress } from './progress.js';
import { summary } from './train.js';

/** The flags that `kneser merge` and `kneser subtract` share. */
export interface CombineFlags
  extends NewModelFlags, Omit<CombineOptions, keyof NewModelFlags | 'onProgress' | 'signal'> {}

/** Declares {@link CombineFlags}. */
export function addCombineFlags(command: Command): Command {
  command.requiredOption('-o, --out <dir>', 'folder of the new model');
  addBuildFlags(command, ['classes'], ['--quality']);
  command.option('--tune <file...>', 'held-out text to tune the weights of the mixture on');
  addBuildFlags(command, MACHINE_OPTION_NAMES);
  return addNewModelFlags(addDocumentFlags(command));
}

/** Runs a function of the library that combines models, and prints its report. */
export async function combine(
  flags: CombineFlags,
  work: (options: CombineOptions) => Promise<TrainReport>,
): Promise<void> {
  const { out, classes, tune, memory, threads, force = false, json = false, quiet = false } = flags;
  const signal = interruption();
  const report = await withProgress(quiet, progress =>
    work({
      out,
      ...given({ classes, tune, memory, threads }),
      ...documentOptions(flags),
      force,
      signal,
      ...progress,
    }),
  );
  report.warnings.forEach(warn);
  if (json) await print(JSON.stringify(report) + '\n');
  else if (!quiet) standard.stderr.write(summary(report));
}
