import type { TrieReader } from '../../tables/trie-reader.js';
import { LookupPlan } from './lookup-plan.js';
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
  parts.forEach((part, index) => {
    const parent = tables[part.parent] as TrieLevel | undefined;
    const number = first + index;
    tables.push(
      parent ? new TrieTable(reader, number, part, index, parent, plan) : new UnigramTable(reader, number, part, index),
    );
  });
  return tables;
}
