import { blockName, firstRow, readDirectory } from '../../tables/block-reader.js';
import { unseal } from '../../base/sealed.js';
import type { ModelBuilder } from '../../tables/builder.js';
import { decodeValue } from '../../base/decode.js';
import { blockKey, CLASSES_KEY, DICTIONARY_DIRECTORY_KEY, dictionaryKey } from '../../store/keys.js';
import type { Manifest } from '../../tables/manifest.js';
import type { ModelStore } from '../../store/store.js';

const BLOCKS_A_READ = 128;

/** Copies the blocks of a table. @param width how many words a context has. */
export async function copyTable(store: ModelStore, table: string, width: number, builder: ModelBuilder): Promise<void> {
  const directory = await readDirectory(store, table, width);
  const rows = Array.from(directory.words, (_, block) => Uint32Array.from(firstRow(directory, block)));
  for (let from = 0; from < rows.length; from += BLOCKS_A_READ) {
    const part = rows.slice(from, from + BLOCKS_A_READ);
    const values = await store.getMany(part.map(first => blockKey(table, first)));
    const blocks = part.map((first, i) => {
      const value = checked(blockName(store, table, from + i), values[i]);
      return { table, first, value };
    });
    await builder.putBlocks(0, blocks);
  }
}

/** Copies the dictionary, and the classes of its words where there are any. */
export async function copyWords(store: ModelStore, manifest: Manifest, builder: ModelBuilder): Promise<void> {
  const keys = Array.from({ length: manifest.dictionaryBlocks }, (_, index) => dictionaryKey(index));
  keys.push(DICTIONARY_DIRECTORY_KEY);
  if (manifest.classes > 0) keys.push(CLASSES_KEY);
  const values = await store.getMany(keys);
  for (const [i, key] of keys.entries()) await builder.putValue(key, checked(`${store.name}: dictionary`, values[i]));
}

/** @throws KNESER_DAMAGED where a value is missing or its checksum does not hold. */
function checked(where: string, value: Uint8Array | undefined): Uint8Array {
  return decodeValue(where, value, sealed => {
    unseal(sealed);
    return sealed;
  });
}
