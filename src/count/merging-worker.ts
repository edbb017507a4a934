import { parentPort, workerData } from 'node:worker_threads';
import type { RangeBlock } from '../tables/index-range.js';
import { serveRanges } from '../tables/node/range-threads.js';
import { MergeMemory, mergeUnit, type MergedFigures, type MergePlan, type MergeUnit } from './merge-range.js';

// The entry of a thread of Node that merges the tables of models, one unit of words at a time.
if (parentPort) {
  serveRanges<RangeBlock, MergedFigures, MergeUnit>(parentPort, workerData, data => {
    const plan = data as MergePlan;
    const memory = new MergeMemory(plan.models.length);
    return (stores, unit, take, onRows) => mergeUnit(stores, plan, unit, take, onRows, memory);
  });
}
