import type { Block } from './block.js';

/** Writes Σc, N1, N2 and N+ of context c of a block into the entries 4c … 4c + 3 of `totals`. */
export function addTotals(block: Block, context: number, totals: Uint32Array): void {
  const { starts, pruned, counts, wideTotals: wide } = block;
  const at = 4 * context;
  if (wide) {
    totals[at] = wide.total;
    totals[at + 1] = wide.ones;
    totals[at + 2] = wide.twos;
    totals[at + 3] = wide.followers;
    return;
  }
  let total = pruned[context];
  let ones = 0;
  let twos = 0;
  for (let row = starts[context]; row < starts[context + 1]; row++) {
    const count = counts[row];
    total += count;
    if (count === 1) ones++;
    else if (count === 2) twos++;
  }
  totals[at] = total;
  totals[at + 1] = ones;
  totals[at + 2] = twos;
  totals[at + 3] = starts[context + 1] - starts[context];
}
