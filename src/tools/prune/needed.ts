import { wordIds, type Manifest } from '../../tables/manifest.js';
import { EOS } from '../../text/tokens.js';
import type { TableCursor } from '../../tables/cursor.js';
import { RowSet } from './row-set.js';
import { walk } from '../../tables/walk.js';

/**
 * Adds to the kept rows the n-grams that these need: their contexts (the n-gram without its last word) and their suffixes (the n-gram
 * without its first word, to which scoring backs off).
 *
 * Input: the rows to keep. Output: the same sets with the added rows. Order: from the highest level down, since an added n-gram needs
 * its own context and suffix.
 *
 * @param open opens a level's table at its first context. The level is the order less 1.
 * @param kept by level, the rows to keep.
 */
export async function keepNeeded(
  open: (level: number) => Promise<TableCursor>,
  manifest: Manifest,
  kept: readonly RowSet[],
): Promise<void> {
  const { tables } = manifest;
  const types = wordIds(manifest);
  for (let level = tables.length - 2; level > 0; level--) {
    const [rows, longer] = [kept[level], kept[level + 1]];
    const suffixes = new Uint8Array(types);
    const contexts = new RowSet(tables[level + 1].contexts);
    const places = new Uint32Array(types + 1);
    await walk([await open(level), await open(level + 1)], {
      close(depth, { context, words, from, to, row, number }) {
        if (depth === 0) {
          for (let i = from; i < to; i++) {
            if (suffixes[words[i]] === 1) rows.add(row + i - from);
            suffixes[words[i]] = 0;
          }
          return;
        }
        places[context[0] + 1]++;
        for (let i = from; i < to; i++) {
          if (!longer.has(row + i - from)) continue;
          suffixes[words[i]] = 1;
          contexts.add(number);
        }
      },
    });
    // The contexts of the longer table are the n-grams of this table that do not end with </s>, but sorted by their last word first.
    // So the n-grams with one last word are in the same order as the contexts with this nearest word: `places` counts them off.
    for (let word = 0; word < types; word++) places[word + 1] += places[word];
    for (const cursor = await open(level); !cursor.done; await cursor.advance()) {
      const { words, from, to, row } = cursor;
      for (let i = from; i < to; i++) {
        if (words[i] !== EOS && contexts.has(places[words[i]]++)) rows.add(row + i - from);
      }
    }
  }
}
