import type { OpenOptions, TableReading } from '../score/api.js';
import type { SmoothingOptions } from '../score/parts.js';

/** The options of commands that score, without those not given. */
export function openOptions(flags: SmoothingOptions & { readonly tables: TableReading }): OpenOptions {
  const { smoothing, weights, tables } = flags;
  return { tables, ...(smoothing ? { smoothing } : {}), ...(weights === undefined ? {} : { weights }) };
}
