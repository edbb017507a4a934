import type { ModelStore } from '../store/store.js';
import type { RangePlan } from './index-range.js';
import type { JoinedRanges } from './joined-ranges.js';
import type { WordRange } from './word-ranges.js';

/** Threads that index ranges of words. */
export interface IndexThreads {
  /**
   * Indexes all ranges.
   *
   * @param joined takes the blocks of each range.
   * @param onRows told the rows of blocks when they were read; throws to stop.
   */
  run(
    from: ModelStore,
    plan: RangePlan,
    ranges: readonly WordRange[],
    joined: JoinedRanges,
    onRows: (rows: number) => void,
  ): Promise<void>;
}
