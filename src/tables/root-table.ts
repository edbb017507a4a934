import type { ModelWriter } from '../store/store.js';
import { TrieOutput } from './trie-output.js';
import type { TrieWriter } from './trie-writer.js';

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
  const output = new TrieOutput(to, name, isBackoff);
  await add(output.writer);
  await output.finish();
  return output.writer.contexts;
}
