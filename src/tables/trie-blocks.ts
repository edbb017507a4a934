import { trieBlockKey } from '../store/keys.js';
import type { ModelStore } from '../store/store.js';
import { parseTableName, streamOf, type Pattern, type Stream } from './pattern.js';
import { decodeAhead, type BlockAt, type DamageOptions } from './read-ahead.js';
import type { TrieBlock } from './trie-block.js';
import type { TrieDirectory } from './trie-directory.js';
import { openTrieBlock, readTrieDirectory } from './trie-reader.js';

/** A trie table of a store whose directory was read. */
export interface TrieTable {
  /** The name of the table, such as `1_11`. */
  readonly name: string;
  readonly pattern: Pattern;
  readonly stream: Stream;
  readonly directory: TrieDirectory;
}

/** Opens a trie table. @param name the name of the table. @throws KNESER_DAMAGED */
export async function openTrie(store: ModelStore, name: string): Promise<TrieTable> {
  return trieOf(name, await readTrieDirectory(store, name));
}

/** A trie table, from its name and its directory. */
export function trieOf(name: string, directory: TrieDirectory): TrieTable {
  const pattern = parseTableName(name) ?? [];
  return { name, pattern, stream: streamOf(name), directory };
}

/** Reads the blocks `first` ≤ b < `end` of a trie table, and reads ahead. */
export function readTrieBlocks(
  store: ModelStore,
  { name, directory }: TrieTable,
  first: number,
  damage: DamageOptions,
  end = directory.parents.length,
): AsyncGenerator<BlockAt<TrieBlock>, void, void> {
  return decodeAhead(
    store,
    index => trieBlockKey(name, index),
    first,
    end,
    (index, value) => openTrieBlock(store, { name, directory }, index, value),
    damage,
  );
}
