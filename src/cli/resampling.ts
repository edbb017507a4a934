import type { Command } from 'commander';
import { resamplingOf } from '../baseline/bootstrap.js';
import { parseWhole } from './values.js';

/** Declares the flags of the bootstrap, with the defaults of the library. */
export function addResamplingFlags(command: Command): Command {
  const { resamples, seed } = resamplingOf({});
  return command
    .option('--resamples <n>', 'number of resamples of the bootstrap', parseWhole, resamples)
    .option('--seed <n>', 'seed of the bootstrap', parseWhole, seed);
}
