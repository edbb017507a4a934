import { Option, type Command } from 'commander';
import type { ModelInfo, OpenOptions, TableReading } from '../model/api.js';
import type { SmoothingOptions } from '../smoothing/smoothing.js';

/** The values of the flags that say how a model is opened and its counts are smoothed. */
export interface ModelFlags extends SmoothingOptions {
  readonly tables: TableReading;
}

/** The flags that say how a model is opened and its counts are smoothed: {@link ModelFlags}. */
export function addModelFlags(command: Command): Command {
  return command
    .addOption(
      new Option(
        '--smoothing <name>',
        'mkn: interpolated modified Kneser-Ney; glm: generalized language model, a mixture over skip patterns ' +
          '(default: glm if the model has tuned weights, else mkn)',
      ).choices(['mkn', 'glm']),
    )
    .option('--weights <name>', 'weights of glm: uniform, or the name of a set that was tuned')
    .addOption(
      new Option('--tables <how>', 'page: read blocks of tables as needed; load: read whole tables first')
        .choices(['auto', 'page', 'load'])
        .default('auto'),
    );
}

/** The flag of commands that score running text. */
export function addCacheFlag(command: Command): Command {
  return command.option('--cache', 'mix in a cache of the words so far: for running text; emptied for each file');
}

/** The options with which the library opens the model. */
export function openOptions({ smoothing, weights, tables }: ModelFlags): OpenOptions {
  return { tables, ...(smoothing ? { smoothing } : {}), ...(weights === undefined ? {} : { weights }) };
}

/** Says on standard error that a model has weights which are not in use, unless the flags chose its smoothing. */
export function mentionWeights({ smoothing, weights }: ModelInfo, flags: SmoothingOptions): void {
  if (smoothing !== 'mkn' || flags.smoothing || weights.length === 0) return;
  const names = weights.map(({ name }) => `--weights ${name}`).join(', ');
  process.stderr.write(`kneser: this is modified Kneser-Ney; the model has tuned weights, too: ${names}\n`);
}
