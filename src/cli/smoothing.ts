import { Option, type Command } from 'commander';
import { standard } from '../base/node/standard-streams.js';
import type { ModelInfo, OpenOptions, TableReading } from '../model/api.js';
import { given } from './given.js';
import { parseWhole } from './values.js';
import { defaultSmoothing, SMOOTHING_NAMES, SMOOTHINGS, type SmoothingOptions } from '../smoothing/index.js';

/** The values of the flags that choose how a model is opened and how its counts are smoothed. */
export interface ModelFlags extends SmoothingOptions {
  readonly tables: TableReading;
  readonly order?: number;
}

/** Declares the flags {@link ModelFlags}. */
export function addModelFlags(command: Command): Command {
  return command
    .addOption(
      new Option(
        '--smoothing <name>',
        `${SMOOTHING_NAMES.map(name => `${name}: ${SMOOTHINGS[name].title}`).join('; ')} ` +
          `(default: ${defaultSmoothing(true)} if the model has tuned weights, else ${defaultSmoothing(false)})`,
      ).choices(SMOOTHING_NAMES),
    )
    .option('--weights <name>', 'weights of glm: uniform, or the name of a tuned set')
    .option('--order <n>', 'use n-grams of at most n tokens (default: the order of the model)', parseWhole)
    .addOption(
      new Option(
        '--tables <how>',
        'page: read blocks of tables as needed; load: read whole tables into memory first; auto: choose',
      )
        .choices(['auto', 'page', 'load'])
        .default('auto'),
    );
}

/** Declares the flag `--cache`, for commands that score running text. */
export function addCacheFlag(command: Command): Command {
  return command.option(
    '--cache',
    'mix in a cache of the text so far, which is emptied for each file; for running text only',
  );
}

/** The options of `LanguageModel.open` for these flags. */
export function openOptions({ smoothing, weights, tables, order }: ModelFlags): OpenOptions {
  return {
    tables,
    ...(smoothing ? { smoothing } : {}),
    ...given({ weights, order }),
  };
}

/** Says on standard error that a model has tuned weights that are not used, unless the flags choose the smoothing. */
export function mentionWeights({ smoothing, weights }: ModelInfo, flags: SmoothingOptions): void {
  const { title, weights: takesWeights } = SMOOTHINGS[smoothing];
  if (takesWeights || flags.smoothing || weights.length === 0) return;
  const names = weights.map(({ name }) => `--weights ${name}`).join(', ');
  standard.stderr.write(`kneser: scored with ${title}; the model also has tuned weights: ${names}\n`);
}
