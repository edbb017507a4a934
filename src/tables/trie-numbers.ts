import type { BlockNumbers } from './block.js';
import { TRIE_ROWS, type TrieBlock } from './trie-block.js';

/** Arrays for the numbers of a block of a back-off model. */
export function blankNumbers(): BlockNumbers {
  return { log10Probs: new Float64Array(TRIE_ROWS), backoffs: new Float64Array(TRIE_ROWS) };
}

/** Writes the numbers of a block of a back-off model into `numbers`. */
export function readNumbers(block: TrieBlock, { log10Probs, backoffs }: BlockNumbers): void {
  for (let row = 0; row < block.rows; row++) log10Probs[row] = block.log10Prob(row);
  for (let c = 0; c < block.contexts; c++) backoffs[c] = block.backoff(c);
}
