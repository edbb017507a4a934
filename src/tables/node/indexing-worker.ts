import { parentPort, workerData } from 'node:worker_threads';
import { indexRange, type RangeBlock, type RangeFigures, type RangePlan } from '../index-range.js';
import { ContextList } from '../missing-parents.js';
import { serveRanges } from './range-threads.js';

// A thread that indexes ranges of words.
if (parentPort) {
  serveRanges<RangeBlock, RangeFigures[]>(parentPort, workerData, data => {
    const plan = data as RangePlan;
    // Objects arrive without their methods.
    const tables = plan.tables.map(({ missing, ...table }) => ({
      ...table,
      missing: missing && ContextList.from(missing),
    }));
    return ([store], range, take, onRows) => indexRange(store, { ...plan, tables }, range, take, onRows);
  });
}
