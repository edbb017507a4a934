import { wordIds, type Manifest } from '../../tables/manifest.js';
import type { TableCursor } from '../../tables/cursor.js';
import { RawCounts } from './raw-counts.js';
import type { RowSet } from './row-set.js';
import { walk } from '../../tables/walk.js';

/**
 * Keeps the n-grams whose raw counts are above the threshold of their order. What prolongs an n-gram occurs at most as
 * often as the n-gram, and thresholds do not fall, so what is kept has its context and its suffix kept too.
 *
 * @param kept by level, where the rows to keep are put.
 */
export async function keepByCounts(
  cursors: readonly TableCursor[],
  thresholds: readonly number[],
  manifest: Manifest,
  kept: readonly RowSet[],
): Promise<void> {
  const rawCounts = new RawCounts(cursors.length - 1, wordIds(manifest));
  await walk(cursors, {
    close(level, cursor) {
      const raw = rawCounts.take(level, cursor);
      const length = cursor.to - cursor.from;
      for (let i = 0; i < length; i++) if (raw[i] > thresholds[level]) kept[level].add(cursor.row + i);
    },
  });
}
