import { wordIds, type Manifest } from '../../tables/manifest.js';
import type { TableCursor } from '../../tables/cursor.js';
import { walk } from '../../tables/walk.js';
import { RawCounts } from './raw-counts.js';
import type { RowCopier } from './row-copier.js';

/**
 * Copies the n-grams whose raw counts are above the threshold of their order. An n-gram occurs at most as often as its context and
 * its suffix, and thresholds do not fall with the order, so the context and the suffix of each kept n-gram are kept too.
 *
 * @param cursors by level (the order less 1): the table, at its first context. {@link walk} reads them to the end.
 * @param thresholds by level: n-grams with at most this raw count are dropped.
 * @param copiers by level: gets the rows to keep.
 */
export async function copyByCounts(
  cursors: readonly TableCursor[],
  thresholds: readonly number[],
  manifest: Manifest,
  copiers: readonly RowCopier[],
): Promise<void> {
  const rawCounts = new RawCounts(cursors.length - 1, wordIds(manifest));
  await walk(cursors, {
    close(level, cursor) {
      const raw = rawCounts.take(level, cursor);
      const [copier, threshold] = [copiers[level], thresholds[level]];
      const length = cursor.to - cursor.from;
      const isKept = copier.flags(length);
      for (let i = 0; i < length; i++) isKept[i] = raw[i] > threshold ? 1 : 0;
      return copier.copy(cursor);
    },
  });
}
