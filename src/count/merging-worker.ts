import { parentPort, workerData } from 'node:worker_threads';
import { serveRanges } from '../tables/node/range-threads.js';
import type { EncodedBlock, TableSummary } from '../tables/table-writer.js';
import type { Level } from './subtrees.js';
import { mergeRange, type MergePlan } from './merge-range.js';

// The entry of a thread of Node that merges the tables of models, one range of words at a time.
if (parentPort) {
  serveRanges<EncodedBlock, readonly { readonly table: string; readonly summary: TableSummary }[]>(
    parentPort,
    workerData,
    plan => {
      const memory: Level[][] = [];
      return (stores, range, take, onRows) => mergeRange(stores, plan as MergePlan, range, take, onRows, memory);
    },
  );
}
