import type { TrieBlock } from '../../tables/trie-block.js';
import { BLOCKS_TOGETHER, ReadsAhead, type TrieReader } from '../../tables/trie-reader.js';

/** If a batch has this many words or more, the blocks that it reads are not kept in memory: the next batch needs others. */
const KEPT_WORDS = 1 << 13;

/** Whether the blocks that a batch of so many words reads stay in memory. */
export function keepsBlocks(words: number): boolean {
  return words < KEPT_WORDS;
}

/** Handles the groups `from` ≤ g < `to`. @param blockAt the block with an index, which is the block of one of these groups. */
export type VisitGroups = (from: number, to: number, blockAt: (index: number) => TrieBlock | undefined) => void;

/**
 * Visits groups of words, each of which needs one block, in the order of the blocks. Blocks that are not in memory are read ahead. Returns a
 * promise if blocks have to be read.
 *
 * @param table the table's id in the reader, which has opened it.
 * @param blocks by group, the index of its block, ascending.
 * @param groups number of groups.
 * @param keeps whether blocks that are read stay in memory.
 */
export function visitBlocks(
  reader: TrieReader,
  table: number,
  blocks: Uint32Array,
  groups: number,
  keeps: boolean,
  visit: VisitGroups,
): Promise<void> | undefined {
  const inMemory = (index: number): TrieBlock | undefined => reader.get(table, index);
  for (let g = 0; g < groups; g++) {
    if (!inMemory(blocks[g])) return readAndVisit(reader, table, blocks, groups, keeps, visit);
  }
  visit(0, groups, inMemory);
  return undefined;
}

async function readAndVisit(
  reader: TrieReader,
  table: number,
  blocks: Uint32Array,
  groups: number,
  keeps: boolean,
  visit: VisitGroups,
): Promise<void> {
  let planned = 0;
  const ahead = new ReadsAhead(() => {
    if (planned === groups) return undefined;
    const from = planned;
    const found = new Map<number, TrieBlock>();
    const missing: number[] = [];
    for (let last = -1; planned < groups; planned++) {
      const b = blocks[planned];
      if (b === last) continue;
      if (missing.length === BLOCKS_TOGETHER) break;
      last = b;
      const block = reader.get(table, b);
      if (block) found.set(b, block);
      else missing.push(b);
    }
    const to = planned;
    const read = keeps ? reader.read(table, missing) : reader.pass(table, missing);
    return read.then(blocks => {
      blocks.forEach((block, i) => found.set(missing[i], block));
      return { from, to, found };
    });
  });
  try {
    for (let reading = ahead.next(); reading; reading = ahead.next()) {
      const { from, to, found } = await reading;
      visit(from, to, index => found.get(index));
      reader.makeRoom();
    }
  } finally {
    await ahead.settle();
  }
}
