import { wordIds, type Manifest } from '../../tables/manifest.js';
import type { TableCursor } from '../../tables/cursor.js';
import { RawCounts } from './raw-counts.js';
import type { RowSet } from './row-set.js';
import { walk } from '../../tables/walk.js';

/**
 * Chooses the n-grams whose raw counts are above the threshold of their order. An n-gram occurs at most as often as its context and
 * its suffix, and thresholds do not fall with the order, so the context and the suffix of each kept n-gram are kept too.
 *
 * @param cursors by level (the order less 1): the table, at its first context. {@link walk} reads them to the end.
 * @param thresholds by level: n-grams with at most this raw count are dropped.
 * @param kept by level: the set that gets the rows to keep.
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
