import type { ModelStore } from '../../store/store.js';
import type { RangeBlock, RangeFigures, RangePlan } from '../index-range.js';
import type { IndexThreads } from '../index-threads.js';
import type { JoinedRanges } from '../joined-ranges.js';
import type { WordRange } from '../word-ranges.js';
import { workOnRanges } from './range-threads.js';

/** Threads that index ranges of words. */
export class IndexingThreads implements IndexThreads {
  /** @param count the most threads. */
  constructor(private readonly count: number) {}

  run(
    from: ModelStore,
    plan: RangePlan,
    ranges: readonly WordRange[],
    joined: JoinedRanges,
    onRows: (rows: number) => void,
  ): Promise<void> {
    return workOnRanges<RangeBlock, RangeFigures[], WordRange>(this.count, {
      name: 'indexing',
      worker: new URL('./indexing-worker.js', import.meta.url),
      stores: [from],
      plan,
      ranges,
      take: (range, blocks) => joined.put(range, blocks),
      end: (range, figures) => joined.end(range, figures),
      onRows,
    });
  }
}
