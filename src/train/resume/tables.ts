import { decodeClasses } from '../../tables/classes.js';
import { decodeBlock } from '../../tables/block.js';
import { unseal } from '../../base/sealed.js';
import { decodeDirectory } from '../../tables/directory.js';
import { firstRow } from '../../tables/table-reader.js';
import { blockKey, CLASSES_KEY, directoryKey, tableRange } from '../../store/keys.js';
import type { LevelWriter } from '../../store/level.js';
import { compareBytes } from '../../base/bytes.js';

/**
 * Whether a table is undamaged: its keys are those that its directory lists, and every block has a right checksum. Scans the keys of the
 * store, since `readBlocks` reads only the blocks that the directory lists.
 *
 * @param width words of a context.
 * @param onBlock called with the bytes of each block.
 * @param check called for each block; stops the scan by throwing KNESER_ABORTED.
 */
export async function isWhole(
  store: LevelWriter,
  table: string,
  width: number,
  onBlock: (block: Uint8Array) => void,
  check: () => void,
): Promise<boolean> {
  try {
    const value = await store.get(directoryKey(table));
    if (!value) return false;
    const directory = decodeDirectory(value, width);
    const blocks = directory.words.length;
    let block = 0;
    for await (const [key, bytes] of store.entries(...tableRange(table))) {
      check();
      if (block === blocks) return false;
      if (compareBytes(key, blockKey(table, firstRow(directory, block))) !== 0) return false;
      unseal(bytes);
      onBlock(bytes);
      block++;
    }
    return block === blocks;
  } catch (error) {
    // An aborted scan says nothing of the table, which must not be removed for that.
    if ((error as { code?: unknown }).code === 'KNESER_ABORTED') throw error;
    return false;
  }
}

/** Adds to `counts`, by id, the number of distinct words before it: one for each row of a block of bigrams. */
export function countUnigrams(block: Uint8Array, counts: Uint32Array): void {
  const { words, starts, contextCount } = decodeBlock(block, 1);
  for (let row = 0; row < starts[contextCount]; row++) counts[words[row]]++;
}

/** Removes the blocks of a table. */
export async function removeTable(store: LevelWriter, table: string): Promise<void> {
  await store.remove(...tableRange(table));
}

/** The stored class of every id; `undefined` if there is none, or it is damaged. */
export async function readClasses(store: LevelWriter): Promise<Uint32Array | undefined> {
  try {
    const value = await store.get(CLASSES_KEY);
    return value && decodeClasses(value).of;
  } catch {
    return undefined;
  }
}
