import { contiguous, type Pattern } from '../../tables/pattern.js';
import { ModelBuilder } from '../../tables/builder.js';
import type { TableCursor } from '../../tables/cursor.js';
import type { Manifest, TableManifest } from '../../tables/manifest.js';
import { openCursors } from '../../tables/open-cursor.js';
import { prunesAnything, type Pruning } from '../../tables/pruning.js';
import { walk } from '../../tables/walk.js';
import type { ModelStore, ModelWriter } from '../../store/store.js';
import { copyByCounts } from './counts.js';
import { keepByEntropy } from './entropy.js';
import { keepNeeded } from './needed.js';
import { RowCopier } from './row-copier.js';
import { RowSet } from './row-set.js';

/**
 * Writes a pruned copy of a model with counts. By counts, one pass over all tables chooses the rows to keep and writes them; by entropy a few
 * passes choose them, and another one writes. All other values are copied. Memory: one bit for each row and a few numbers for each word.
 *
 * @param store an unpruned model without skip patterns, or the store of a training that holds its counted rows.
 * @param manifest the manifest of the model.
 * @param writer the writer of the store of the copy.
 * @param onRows called with the number of rows read so far, and with the number of rows to read.
 * @returns the manifest of the copy.
 * @throws KNESER_DAMAGED, and the errors of `onRows`. The writer is closed in any case.
 */
export async function pruneStore(
  store: ModelStore,
  manifest: Manifest,
  pruning: Pruning,
  writer: ModelWriter,
  onRows: (done: number, total: number) => void,
): Promise<Manifest> {
  const builder = new ModelBuilder(writer);
  try {
    const { tables } = manifest;
    const total = rowsToRead(manifest, pruning);
    let done = 0;
    const onBlock = (rows: number): void => onRows((done += rows), total);
    const open = (of: readonly TableManifest[], level = of.length - 1): Promise<TableCursor[]> =>
      openCursors(
        store,
        of.slice(0, level + 1).map(({ pattern }) => pattern),
        onBlock,
      );
    const copiers = tables.map((table, level) => new RowCopier(table, isPruned(pruning, level), level, builder));
    if ('counts' in pruning) {
      await copyByCounts(await open(tables), pruning.counts, manifest, copiers);
    } else {
      const kept = tables.map(({ rows }) => new RowSet(rows));
      await keepByEntropy(await open(tables), pruning.entropy, manifest, kept);
      await keepNeeded(level => open(tables, level), manifest, kept);
      await copyKept(await open(tables), kept, copiers);
    }
    const written: TableManifest[] = [];
    for (const copier of copiers) written.push(await copier.finish());
    await builder.putDirectories('words', contiguousPatterns(tables.length));
    for (const { stream, tables: ofClasses } of manifest.clusterings) {
      const all = ofClasses.map((table, level) => new RowCopier(table, false, level, builder));
      await copyKept(await open(ofClasses), undefined, all);
      for (const copier of all) await copier.finish();
      await builder.putDirectories(stream, contiguousPatterns(ofClasses.length));
    }
    await builder.copyWords(store, manifest);
    return await builder.finish({ ...manifest, tables: written, ...(prunesAnything(pruning) ? { pruning } : {}) });
  } catch (error) {
    await builder.abort();
    throw error;
  }
}

/** Copies the rows that are in `kept`; without it all rows. @param cursors by level: the table, at its first context. */
async function copyKept(
  cursors: readonly TableCursor[],
  kept: readonly RowSet[] | undefined,
  copiers: readonly RowCopier[],
): Promise<void> {
  await walk(cursors, {
    close(level, cursor) {
      const copier = copiers[level];
      const length = cursor.to - cursor.from;
      const rows = kept?.[level];
      if (rows) {
        const isKept = copier.flags(length);
        for (let i = 0; i < length; i++) isKept[i] = rows.has(cursor.row + i) ? 1 : 0;
      }
      return copier.copy(cursor);
    },
  });
}

/** The contiguous patterns of up to `longest` tokens. */
function contiguousPatterns(longest: number): Pattern[] {
  return Array.from({ length: longest }, (_, level) => contiguous(level + 1));
}

function isPruned(pruning: Pruning, level: number): boolean {
  return level > 0 && ('entropy' in pruning || pruning.counts[level] > 0);
}

/** How many rows {@link pruneStore} reads in all; a row that it reads twice counts twice. */
function rowsToRead({ tables, clusterings }: Manifest, pruning: Pruning): number {
  const upTo = (level: number): number => sumOf(tables.slice(0, level + 1));
  let rows = sumOf(tables) + sumOf(clusterings.flatMap(clustering => clustering.tables));
  if ('counts' in pruning) return rows;
  // Once to choose rows, and for each level twice in `keepNeeded`.
  rows += sumOf(tables);
  for (let level = 1; level < tables.length - 1; level++) rows += upTo(level) + upTo(level + 1);
  return rows;
}

function sumOf(tables: readonly TableManifest[]): number {
  return tables.reduce((sum, { rows }) => sum + rows, 0);
}
