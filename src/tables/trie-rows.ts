import { KneserError } from '../base/errors.js';
import { BlockDamage } from '../base/sealed.js';
import type { ModelStore } from '../store/store.js';
import { NONE } from '../text/tokens.js';
import { blankBlock, type Block } from './block.js';
import { damagedTable } from './damage.js';
import { parentPattern, tableName } from './pattern.js';
import type { BlockAt, DamageOptions } from './read-ahead.js';
import { TRIE_ROWS, type TrieBlock } from './trie-block.js';
import { openTrie, readTrieBlocks, type TrieTable } from './trie-blocks.js';
import { TrieColumns } from './trie-columns.js';
import { TrieCursor } from './trie-cursor.js';
import { blankNumbers, readNumbers } from './trie-numbers.js';

/**
 * Reads a trie table as rows.
 *
 * - Input: a trie table of a store, and the tables of its parents.
 * - Output: a block of rows for each block of the trie, in the order of the rows. A block is valid until the next block is asked for,
 *   because all blocks are decoded into the same memory.
 *
 * @param first index of the first block to read.
 * @param end index of the block after the last block to read.
 * @throws KNESER_DAMAGED for a block that is missing or unreadable, or whose first row differs from the directory, and for a word or a
 *   context that the tables of its parents lack.
 */
export async function* readTrieRows(
  store: ModelStore,
  table: TrieTable,
  first: number,
  damage: DamageOptions,
  end = table.directory.parents.length,
): AsyncGenerator<BlockAt<Block>, void, void> {
  const reader = new RowReader(table.pattern.length, await openParents(store, table));
  try {
    for await (const { index, block: trie } of readTrieBlocks(store, table, first, damage, end)) {
      try {
        await reader.read(trie);
      } catch (error) {
        const problem = error instanceof BlockDamage ? damagedTable(store.name, table.name, error.message) : error;
        if (!damage.onDamage || !isDamage(problem)) throw problem;
        damage.onDamage(problem, index);
        continue;
      }
      yield { index, block: reader.block };
    }
  } finally {
    await reader.close();
  }
}

/** Opens the table that has the parents of a table's contexts; `undefined` for the table of the empty pattern, whose context has no parent. */
async function openParents(
  store: ModelStore,
  { pattern, stream }: Pick<TrieTable, 'pattern' | 'stream'>,
): Promise<TrieCursor | undefined> {
  if (pattern.length === 0) return undefined;
  const table = await openTrie(store, tableName(parentPattern(pattern), stream));
  return new TrieCursor(store, table, await openParents(store, table));
}

/** Turns the blocks of a trie into rows. */
class RowReader {
  /** The block of rows that was read last. */
  readonly block: Block;
  private readonly columns = new TrieColumns();

  /**
   * @param width words of a context.
   * @param parents the cursor of the parents' table; `undefined` for the table of the empty pattern.
   */
  constructor(
    private readonly width: number,
    private readonly parents: TrieCursor | undefined,
  ) {
    this.block = blankBlock(width, TRIE_ROWS, TRIE_ROWS);
  }

  /** Reads the next block into {@link block}. @throws KNESER_DAMAGED, BlockDamage */
  async read(trie: TrieBlock): Promise<void> {
    const { block, columns, parents, width } = this;
    const { contexts, rows } = trie;
    trie.checkSamples();
    columns.read(trie);
    block.contextCount = contexts;
    block.starts.set(columns.starts.subarray(0, contexts + 1));
    block.counts.set(columns.counts.subarray(0, rows));
    block.numbers = trie.isBackoff ? (block.numbers ?? blankNumbers()) : undefined;
    if (block.numbers) readNumbers(trie, block.numbers);
    if (trie.isPruned) for (let c = 0; c < contexts; c++) block.pruned[c] = trie.pruned(c);
    else block.pruned.fill(0, 0, contexts);
    if (parents) {
      block.contexts[width - 1].set(columns.words.subarray(0, contexts));
      // The contexts of a parent are read together.
      for (let c = 0; c < contexts;) {
        const moving = parents.moveTo(columns.parents[c]);
        if (moving) await moving;
        c = this.readContexts(parents, c, trie);
      }
    } else {
      block.words.set(columns.ranks.subarray(0, rows));
    }
    block.wideTotals = undefined;
    if (trie.wideFollowers === 0) return;
    trie.findRows(0);
    trie.addTotals(0);
    const { total, ones, twos, followers } = trie;
    block.wideTotals = { total, ones, twos, followers };
  }

  /**
   * Writes the contexts of a trie block that belong to the current context of the parents, and the predicted words of their rows.
   *
   * @param first the first of these contexts.
   * @returns the first context that belongs to the next parent.
   */
  private readContexts(parents: TrieCursor, first: number, trie: TrieBlock): number {
    const { columns, block } = this;
    const { starts, ranks, parents: parentOf } = columns;
    const { context, contextIndex } = parents;
    const { words } = block;
    const { contexts } = trie;
    let end = first + 1;
    while (end < contexts && parentOf[end] === contextIndex) end++;
    for (let j = 0; j < context.length; j++) {
      const column = block.contexts[j];
      const word = context[j];
      for (let c = first; c < end; c++) column[c] = word;
    }
    if (trie.isBackoff) {
      // A bare context has one row, which has no rank.
      for (let c = first; c < end; c++) {
        if (trie.isBare(c)) words[starts[c]] = NONE;
        else parents.gatherWords(ranks, starts[c], starts[c + 1], words);
      }
    } else {
      parents.gatherWords(ranks, starts[first], starts[end], words);
    }
    return end;
  }

  async close(): Promise<void> {
    await this.parents?.close();
  }
}

function isDamage(error: unknown): error is KneserError {
  return error instanceof KneserError && error.code === 'KNESER_DAMAGED';
}
