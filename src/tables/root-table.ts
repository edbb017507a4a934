import { trieBlockKey, trieKey } from '../store/keys.js';
import type { ModelWriter } from '../store/store.js';
import { TrieFirstRows } from './trie-directory.js';
import { TrieWriter } from './trie-writer.js';

/**
 * Writes the trie of the table of the empty pattern, which has at most one context.
 *
 * @param name the name of the table.
 * @param add adds the context to the writer.
 * @returns the number of contexts.
 */
export async function putRootTable(
  to: Pick<ModelWriter, 'put'>,
  name: string,
  isBackoff: boolean,
  add: (writer: TrieWriter) => Promise<void> | void,
): Promise<number> {
  const values: Uint8Array[] = [];
  const firstRows = new TrieFirstRows();
  const writer = new TrieWriter(block => {
    firstRows.add(block);
    values.push(block.value);
  }, isBackoff);
  await add(writer);
  writer.flush();
  for (const [index, value] of values.entries()) await to.put(trieBlockKey(name, index), value);
  await to.put(trieKey(name), firstRows.encode());
  return writer.contexts;
}
