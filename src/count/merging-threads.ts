import type { RangeBlock } from '../tables/index-range.js';
import { workOnRanges, type RangeWork } from '../tables/node/range-threads.js';
import type { MergedFigures, MergePlan, MergeUnit } from './merge-range.js';

/** Work on units of words whose tables are merged. */
type Merging = Omit<RangeWork<RangeBlock, MergedFigures, MergeUnit>, 'name' | 'worker' | 'plan'> & {
  readonly plan: MergePlan;
};

/** Merges the tables of models with up to `count` threads. @throws as {@link workOnRanges} */
export function mergeOnThreads(count: number, merging: Merging): Promise<void> {
  const worker = new URL('./merging-worker.js', import.meta.url);
  return workOnRanges(count, { name: 'merging', worker, ...merging });
}
