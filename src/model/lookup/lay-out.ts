import { BlockDamage } from '../../base/sealed.js';
import type { TrieBlock } from '../../tables/trie-block.js';
import type { TrieColumns } from '../../tables/trie-columns.js';
import { BlockField, type LoadingTable } from './loading-table.js';
import { RegionCursor, singleLink } from './regions.js';

/**
 * Gives the contexts of a block their regions. Output: `links`, with the places counted from the first region of the block; the entries of
 * `children` and `farthest` that follow from this block alone; and the numbers that `BlockField` lists, in `fields` from index `at` on.
 */
export function layOut(
  block: TrieBlock,
  { shape, isBackoff, isUnderRoot, words, columns }: LoadingTable,
  { starts, words: farthest }: TrieColumns,
  fields: Uint32Array,
  at: number,
): void {
  const { contexts, rows, firstContext, firstRow, wideFollowers } = block;
  block.readStarts(starts);
  const cursor = new RegionCursor(shape);
  const { links, children } = columns;
  const isPlain = !block.isPruned && !isBackoff;
  const { flatUnit } = shape;
  let bare = 0;
  if (firstRow === 0) {
    for (let c = 0; c < contexts; c++) {
      let followers = wideFollowers > 0 ? wideFollowers : starts[c + 1] - starts[c];
      if (followers === 1 && isPlain) {
        links[firstContext + c + 1] = singleLink(cursor.takeSingle(), flatUnit);
        continue;
      }
      if (isBackoff && block.isBare(c)) {
        followers = 0;
        bare++;
      }
      links[firstContext + c + 1] = cursor.next(followers, block.pruned(c), isBackoff);
    }
    if (isUnderRoot || columns.farthest.length > 0) block.readWords(farthest);
    if (columns.farthest.length > 0) columns.farthest.set(farthest.subarray(0, contexts), firstContext);
    if (isUnderRoot) {
      for (let c = 0; c < contexts; c++) {
        if (farthest[c] >= words) throw new BlockDamage('a context has a word that the model does not have');
        children[farthest[c]] = 1 + firstContext + c;
      }
    } else {
      // Children of the first and of the last parent may be in other blocks: they are entered when all blocks are known.
      block.readChildren(children);
    }
  }
  fields[at + BlockField.firstContext] = firstContext;
  fields[at + BlockField.contexts] = contexts;
  fields[at + BlockField.rows] = rows;
  fields[at + BlockField.firstRow] = firstRow;
  fields[at + BlockField.wideFollowers] = wideFollowers;
  fields[at + BlockField.firstParent] = block.firstParent;
  fields[at + BlockField.lastParent] = block.firstParent + block.parents - 1;
  fields[at + BlockField.lines] = cursor.lines;
  fields[at + BlockField.flat] = cursor.flat;
  fields[at + BlockField.worded] = rows - bare;
  fields[at + BlockField.firstWord] = block.word(0);
  fields[at + BlockField.firstRank] = firstRow === 0 ? 0 : block.rank(0);
}
