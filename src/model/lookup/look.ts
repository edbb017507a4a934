import type { Batch } from '../../smoothing/batch.js';
import type { CountTable, Evidence } from '../../smoothing/evidence.js';
import { allSettled } from '../../base/all-settled.js';
import { keepsBlocks } from './visit-blocks.js';

/**
 * Looks a batch up in the tables of a stream. While a table of a small batch reads blocks, the tables that do not need its hits read theirs.
 *
 * @param tables each after its parent.
 * @param batchOf the batch by table: the words, or their classes.
 * @returns a generator that yields promises: the caller awaits each before it continues the generator.
 */
export function* look(
  tables: readonly CountTable[],
  batchOf: (table: number) => Batch,
  evidence: Evidence,
): Generator<Promise<void>, void, void> {
  const readings = new Map<CountTable | undefined, Promise<void>>();
  for (let k = 0; k < tables.length; k++) {
    const table = tables[k];
    const batch = batchOf(k);
    const above = readings.get(table.parent);
    const reading = above ? above.then(() => table.look(batch, evidence)) : table.look(batch, evidence);
    if (!reading) continue;
    if (keepsBlocks(batch.length)) readings.set(table, reading);
    else yield reading;
  }
  if (readings.size > 0) yield allSettled([...readings.values()]);
}
