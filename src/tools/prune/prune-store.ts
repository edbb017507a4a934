import { TableWriter, type EncodedBlock } from '../../tables/table-writer.js';
import { contiguous, type Pattern } from '../../tables/pattern.js';
import { ModelBuilder } from '../../tables/builder.js';
import type { Manifest, TableManifest } from '../../tables/manifest.js';
import type { ModelStore, ModelWriter } from '../../store/store.js';
import { keepByCounts } from './counts.js';
import { TableCursor } from '../../tables/cursor.js';
import { keepByEntropy } from './entropy.js';
import { keepNeeded } from './needed.js';
import { prunesAnything, type Pruning } from '../../tables/pruning.js';
import { RowSet } from './row-set.js';

/** How many blocks one write to the store holds. */
const BLOCKS_A_WRITE = 128;

/**
 * Writes a pruned copy of a model with counts. One pass over all tables (by entropy: a few passes) chooses the rows to keep; then the
 * tables are read and written once, and all other values are copied. Memory: one bit for each row and a few numbers for each word.
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
    const open = (level: number): Promise<TableCursor> =>
      TableCursor.open(store, tables[level].pattern, level, onBlock);
    const kept = await chooseRows(open, manifest, pruning);
    const written: TableManifest[] = [];
    for (const [level, table] of tables.entries()) {
      if (isPruned(pruning, level)) {
        written.push(await rewriteTable(await open(level), table, kept[level], builder));
      } else {
        written.push(table);
        await rewriteTable(await open(level), table, undefined, builder);
      }
    }
    await builder.putDirectories('words', contiguousPatterns(tables.length));
    for (const { stream, tables: ofClasses } of manifest.clusterings) {
      for (const [level, table] of ofClasses.entries()) {
        const cursor = await TableCursor.open(store, table.pattern, level, onBlock);
        await rewriteTable(cursor, table, undefined, builder);
      }
      await builder.putDirectories(stream, contiguousPatterns(ofClasses.length));
    }
    await builder.copyWords(store, manifest);
    return await builder.finish({ ...manifest, tables: written, ...(prunesAnything(pruning) ? { pruning } : {}) });
  } catch (error) {
    await builder.abort();
    throw error;
  }
}

/** Chooses the rows to keep, by level (the order less 1). */
async function chooseRows(
  open: (level: number) => Promise<TableCursor>,
  manifest: Manifest,
  pruning: Pruning,
): Promise<RowSet[]> {
  const kept = manifest.tables.map(({ rows }) => new RowSet(rows));
  const cursors: TableCursor[] = [];
  for (let level = 0; level < kept.length; level++) cursors.push(await open(level));
  if ('counts' in pruning) {
    await keepByCounts(cursors, pruning.counts, manifest, kept);
  } else {
    await keepByEntropy(cursors, pruning.entropy, manifest, kept);
    await keepNeeded(open, manifest, kept);
  }
  return kept;
}

/** Writes the rows of a table that are in `kept` (without `kept`: all rows), and for each context Σ of the counts of its dropped rows. */
async function rewriteTable(
  cursor: TableCursor,
  table: TableManifest,
  kept: RowSet | undefined,
  builder: ModelBuilder,
): Promise<TableManifest> {
  const blocks: EncodedBlock[] = [];
  const writer = new TableWriter(table.pattern, cursor.context.length, block => blocks.push(block));
  let words = new Uint32Array(1024);
  let counts = new Uint32Array(1024);
  while (!cursor.done) {
    const { from, to, row } = cursor;
    if (words.length < to - from) {
      words = new Uint32Array(2 * (to - from));
      counts = new Uint32Array(2 * (to - from));
    }
    let length = 0;
    let pruned = 0;
    for (let i = from; i < to; i++) {
      if (!kept || kept.has(row + i - from)) {
        words[length] = cursor.words[i];
        counts[length++] = cursor.counts[i];
      } else {
        pruned += cursor.counts[i];
      }
    }
    if (length > 0) writer.group(cursor.context, words, counts, length, pruned);
    if (blocks.length >= BLOCKS_A_WRITE) await builder.putBlocks(0, blocks.splice(0));
    const reading = cursor.advance();
    if (reading) await reading;
  }
  writer.flush();
  await builder.putBlocks(0, blocks);
  const { rows, contexts } = writer.summary;
  return { ...table, rows, contexts, dropped: table.rows - rows };
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
  const words = tables.reduce((sum, { rows }, level) => {
    let times = 2;
    // keepNeeded reads a table once as the longer one of a pair, and twice as the shorter one.
    if ('entropy' in pruning && level > 0) times += (level > 1 ? 1 : 0) + (level < tables.length - 1 ? 2 : 0);
    return sum + times * rows;
  }, 0);
  return clusterings.flatMap(clustering => clustering.tables).reduce((sum, { rows }) => sum + rows, words);
}
