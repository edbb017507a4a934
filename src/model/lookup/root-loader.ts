import type { ModelStore } from '../../store/store.js';
import { damaged } from '../../tables/damage.js';
import { TrieColumns } from '../../tables/trie-columns.js';
import { openTrie, readTrieBlocks } from '../../tables/trie-blocks.js';
import { NONE } from '../../text/tokens.js';
import type { LoadingTable } from './loading-table.js';
import { EMPTY_HEADER } from './table-room.js';

const columns = new TrieColumns();

/**
 * Loads the table of the empty pattern: its context has a row for each word. Its words' contexts in linked tables are found by word.
 *
 * @param place where its numbers begin in `table.numbers`.
 * @returns by linked table, how many of its contexts were linked.
 * @throws KNESER_DAMAGED
 */
export async function loadRoot(
  store: ModelStore,
  pattern: string,
  table: LoadingTable,
  place: number,
  onRows: (rows: number) => void,
): Promise<number[]> {
  const { data, shape, linked, numbers } = table;
  let rowCount = 0;
  let missing = 0;
  for await (const { index, block } of readTrieBlocks(store, await openTrie(store, pattern), 0, {})) {
    const refuse = (reason: string): Error => damaged(`${table.name}, block ${index}`, reason);
    const { rows, firstRow, contexts } = block;
    if (contexts !== 1 || block.firstContext !== 0 || firstRow !== rowCount || (firstRow > 0 && missing < rows))
      throw refuse('its contexts are not the next ones');
    if (block.isBackoff !== table.isBackoff) throw refuse(OTHER_KIND);
    columns.read(block, false);
    block.findRows(0);
    block.addTotals(0);
    missing = (firstRow > 0 ? missing : block.followers) - rows;
    // In a back-off model the empty context has neither counts nor a back-off.
    if (table.isBackoff) data[3] = block.followers;
    else data.set([block.total, block.ones, block.twos, block.followers, block.prunedTotal]);
    for (let row = 0; row < rows; row++, rowCount++) {
      const word = columns.ranks[row];
      if (word >= table.words) throw refuse('a row has a word that the model does not have');
      table.columns.words[rowCount] = word;
      if (word === NONE) continue;
      const at = EMPTY_HEADER + word * shape.stride;
      data[at] = table.isBackoff ? place + rowCount + 1 : columns.counts[row];
      if (table.isBackoff) numbers[place + rowCount] = block.log10Prob(row);
      for (const [link, { columns: other }] of linked.entries()) {
        if (table.columns.numbers[link].length > 0) table.columns.numbers[link][rowCount] = other.children[word];
      }
    }
    onRows(rows);
  }
  if (missing > 0) throw damaged(table.name, 'its last context has fewer rows than its totals say');
  table.columns.starts[1] = rowCount;
  return linked.map(({ columns: { children, links } }, link) => {
    let count = 0;
    // All words, also the words that no row predicts: `<s>` is a context too.
    for (let word = 0; word < table.words; word++) {
      if (children[word] === 0) continue;
      data[EMPTY_HEADER + word * shape.stride + table.linksAt + link] = links[children[word]];
      count++;
    }
    return count;
  });
}

export const OTHER_KIND = 'it has counts, where a back-off model has log10 probabilities, or the reverse';
