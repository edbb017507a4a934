import type { ModelInfo, OpenOptions, TableReading } from '../model/api.js';
import { SMOOTHINGS, type SmoothingOptions } from '../smoothing/index.js';

/** The options of commands that score, without those not given. */
export function openOptions(flags: SmoothingOptions & { readonly tables: TableReading }): OpenOptions {
  const { smoothing, weights, tables } = flags;
  return { tables, ...(smoothing ? { smoothing } : {}), ...(weights === undefined ? {} : { weights }) };
}

/** Says on standard error that a model has weights which are not in use, unless that was asked for. */
export function mentionWeights({ smoothing, weights }: ModelInfo, flags: SmoothingOptions): void {
  const { title, weights: takesWeights } = SMOOTHINGS[smoothing];
  if (takesWeights || flags.smoothing || weights.length === 0) return;
  const names = weights.map(({ name }) => `--weights ${name}`).join(', ');
  process.stderr.write(`kneser: this is ${title}; the model has tuned weights, too: ${names}\n`);
}
