import { TrieBlock } from '#kneser/src/tables/trie-block.js';
import { TrieColumns } from '#kneser/src/tables/trie-columns.js';
import { TrieWriter } from '#kneser/src/tables/trie-writer.js';

/** Changes the contexts and rows of a block of a table of counts; its checksum and sections fit what it has then. */
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
