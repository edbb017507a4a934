import type { ModelBuilder } from '../../tables/builder.js';
import type { TableManifest } from '../../tables/manifest.js';
import { contiguous, tableName } from '../../tables/pattern.js';
import { TableWriter, type EncodedBlock } from '../../tables/table-writer.js';
import { NONE } from '../../text/tokens.js';
import { compareAt } from './complete.js';
import type { Ngrams } from './ngrams.js';

/** How many blocks one write to the store holds. */
const BLOCKS_A_WRITE = 128;

/**
 * Writes the tables of a back-off model and their directories to the store.
 *
 * - Input: n-grams with log10 p and back-offs.
 * - Output: blocks and directories in the store; returns the entries of the tables in the manifest.
 * - Writes from order 1 up, and an order by context, nearest word first.
 *
 * @param orders the n-grams by order, from 1 on, sorted; every order contains the context and the suffix of each n-gram one word
 *   longer.
 * @param types all word ids are below it.
 * @param onNgrams called with the number of n-grams written so far, and with the number of n-grams in `orders`.
 */
export async function putTables(
  builder: ModelBuilder,
  orders: readonly Ngrams[],
  types: number,
  onNgrams: (done: number, total: number) => void,
): Promise<TableManifest[]> {
  const total = orders.reduce((sum, { length }) => sum + length, 0);
  let done = 0;
  const tables: TableManifest[] = [];
  for (const [level, ngrams] of orders.entries()) {
    const blocks: EncodedBlock[] = [];
    const pattern = tableName(contiguous(level + 1), 'words');
    const writer = new TableWriter(pattern, level, block => blocks.push(block));
    let bare = 0;
    for (const isBare of putContexts(writer, ngrams, orders[level - 1], types)) {
      if (isBare) bare++;
      if (blocks.length < BLOCKS_A_WRITE) continue;
      onNgrams(done + writer.summary.rows, total);
      await builder.putBlocks(0, blocks.splice(0));
    }
    writer.flush();
    await builder.putBlocks(0, blocks);
    done += ngrams.length;
    onNgrams(done, total);
    const { contexts } = writer.summary;
    const noCounts = { tokens: 0, countsOfCounts: [0, 0, 0, 0] } as const;
    // As in pruned tables, an n-gram need not be a context, which `dropped` tells readers. `bare` counts contexts without followers.
    tables.push({ pattern, mixed: true, rows: ngrams.length, dropped: 0, contexts, bare, ...noCounts });
  }
  await builder.putDirectories(
    'words',
    orders.map((_, level) => contiguous(level + 1)),
  );
  return tables;
}

/** Writes the contexts of a table in their order. Yields after each written context: true if it has no followers. */
function* putContexts(
  writer: TableWriter,
  ngrams: Ngrams,
  shorter: Ngrams | undefined,
  types: number,
): Generator<boolean, void, void> {
  const { log10Probs, columns, length, order } = ngrams;
  const words = columns[order - 1];
  const ones = new Uint32Array(types).fill(1);
  const context = new Uint32Array(order - 1);
  if (!shorter) {
    writer.group(context, words, ones, length, 0, { log10Probs, backoff: 0 });
    yield false;
    return;
  }
  const contexts = columns.slice(0, -1).reverse();
  const shorterWords = [...shorter.columns].reverse();
  let from = 0;
  for (const row of shorter.rowsAsContexts(types)) {
    let to = from;
    while (to < length && compareAt(contexts, to, shorterWords, row) === 0) to++;
    const backoff = shorter.backoffs[row];
    for (let j = 0; j < context.length; j++) context[j] = shorterWords[j][row];
    if (to > from) {
      writer.group(context, words.subarray(from, to), ones, to - from, 0, {
        log10Probs: log10Probs.subarray(from, to),
        backoff,
      });
      yield false;
    } else if (backoff !== 0) {
      writer.group(context, NO_WORD, ones, 1, 0, { log10Probs: NO_NUMBER, backoff });
      yield true;
    }
    from = to;
  }
}

/** The only row of a context without followers: this word, and this log10 p. */
const NO_WORD = Uint32Array.of(NONE);
const NO_NUMBER = Float64Array.of(0);
