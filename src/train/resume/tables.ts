import { decodeClasses } from '../../tables/classes.js';
import { decodeBlock } from '../../tables/block.js';
import { unseal } from '../../base/sealed.js';
import { decodeDirectory } from '../../tables/directory.js';
import { firstRow } from '../../tables/table-reader.js';
import { blockKey, classesKey, directoryKey, tableRange } from '../../store/keys.js';
import type { LevelWriter } from '../../store/level.js';
import type { ClassStream } from '../../tables/pattern.js';
import { compareBytes } from '../../base/bytes.js';

/**
 * Whether a table is undamaged: the store has exactly the keys that the table's directory lists, and the checksum of every block is
 * right. Scans the keys of the store, to find blocks that the directory does not list.
 *
 * @param width words of a context.
 * @param onBlock called with the bytes of each block.
 * @param check called for each block; stops the scan by throwing KNESER_ABORTED.
 */
export async function isTableIntact(
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
    // An aborted scan says nothing about the table: do not report damage, for which the caller would remove the table.
    if ((error as { code?: unknown }).code === 'KNESER_ABORTED') throw error;
    return false;
  }
}

/** Adds 1 to `counts[w]` for each row (v, w) of a block of bigrams: `counts`, by id, gets the number of distinct words before each word. */
export function countUnigrams(block: Uint8Array, counts: Uint32Array): void {
  const { words, starts, contextCount } = decodeBlock(block, 1);
  for (let row = 0; row < starts[contextCount]; row++) counts[words[row]]++;
}

/** Removes the blocks of a table. */
export async function removeTable(store: LevelWriter, table: string): Promise<void> {
  await store.remove(...tableRange(table));
}

/** The class of every id in a clustering, as stored; `undefined` if no classes are stored, or they are damaged. */
export async function readClasses(store: LevelWriter, stream: ClassStream): Promise<Uint32Array | undefined> {
  try {
    const value = await store.get(classesKey(stream));
    return value && decodeClasses(value).of;
  } catch {
    return undefined;
  }
}
