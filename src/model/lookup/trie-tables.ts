import type { TrieReader } from '../../tables/trie-reader.js';
import { LookupPlan } from './lookup-plan.js';
import { Places } from './places.js';
import type { TablePart } from './table-part.js';
import type { TrieLevel } from './trie-level.js';
import { TrieTable } from './trie-table.js';
import { UnigramTable } from './unigram-table.js';

/**
 * The tables of a stream, which look words up in the store.
 *
 * @param first number of the first table in the reader.
 */
export function trieTables(reader: TrieReader, parts: readonly TablePart[], first: number): TrieLevel[] {
  const tables: TrieLevel[] = [];
  const plan = new LookupPlan();
  // In a chain of tables each is the parent of the next one alone: two sets of places do for all.
  const isChain = parts.every(({ parent }, index) => parent === index - 1);
  const shared = [new Places(), new Places()];
  parts.forEach((part, index) => {
    const parent = tables[part.parent] as TrieLevel | undefined;
    const number = first + index;
    const places = isChain ? shared[index % 2] : new Places();
    tables.push(
      parent
        ? new TrieTable(reader, number, part, index, parent, plan, places)
        : new UnigramTable(reader, number, part, index, places),
    );
  });
  return tables;
}
