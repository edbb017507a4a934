import { TrieBlock } from '#kneser/src/tables/trie-block.js';
import { TrieColumns } from '#kneser/src/tables/trie-columns.js';
import { TrieWriter } from '#kneser/src/tables/trie-writer.js';

/** Encodes a trie block of counts again after `change` has changed its contexts and rows, so that its checksum and sections are right. */
export function changeTrie(value: Uint8Array, change: (columns: TrieColumns) => void): Uint8Array {
  const block = new TrieBlock(new Uint32Array(value.slice().buffer));
  const columns = new TrieColumns();
  columns.read(block);
  change(columns);
  const { parents, words, starts, ranks, counts } = columns;
  const blocks: Uint8Array[] = [];
  const writer = new TrieWriter(({ value }) => blocks.push(value), false);
  writer.contexts = block.firstContext;
  for (let c = 0; c < block.contexts; c++) {
    const length = starts[c + 1] - starts[c];
    const own = ranks.slice(starts[c], starts[c + 1]);
    writer.group(parents[c], words[c], own, counts, starts[c], length, block.pruned(c));
  }
  writer.flush();
  return blocks[0];
}
