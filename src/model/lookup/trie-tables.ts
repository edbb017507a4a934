import type { TrieReader } from '../../tables/trie-reader.js';
import { LookupPlan } from './lookup-plan.js';
import { Hits } from './hits.js';
import type { TablePart } from './table-part.js';
import type { TrieLevel } from './trie-level.js';
import { TrieTable } from './trie-table.js';
import { UnigramTable } from './unigram-table.js';

/**
 * Makes the tables of a stream that look words up in the store.
 *
 * @param first the index of the first table in the reader; further tables have the indices after it.
 */
export function trieTables(reader: TrieReader, parts: readonly TablePart[], first: number): TrieLevel[] {
  const tables: TrieLevel[] = [];
  const plan = new LookupPlan();
  // In a chain, each table is the parent of only the next table, so that two sets of hits are enough for all tables.
  const isChain = parts.every(({ parent }, index) => parent === index - 1);
  const shared = [new Hits(), new Hits()];
  parts.forEach((part, index) => {
    const parent = tables[part.parent] as TrieLevel | undefined;
    const id = first + index;
    const hits = isChain ? shared[index % 2] : new Hits();
    tables.push(
      parent ? new TrieTable(reader, id, part, index, parent, plan, hits) : new UnigramTable(reader, id, index, hits),
    );
  });
  return tables;
}
