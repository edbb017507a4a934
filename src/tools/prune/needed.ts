import { wordIds, type Manifest } from '../../tables/manifest.js';
import { EOS } from '../../text/tokens.js';
import type { TableCursor } from '../../tables/cursor.js';
import { RowSet } from './row-set.js';
import { walk } from '../../tables/walk.js';

/**
 * Adds to the kept rows the n-grams that the kept n-grams need: the context of each (the n-gram without its last word) and its suffix
 * (the n-gram without its oldest word, to which scoring backs off). Works from the highest level down, because an added n-gram needs
 * its own context and suffix.
 *
 * @param open opens the tables of the levels (the orders less 1) 0 to `level` at their first contexts.
 * @param kept by level: the rows to keep. Adds to these sets.
 */
export async function keepNeeded(
  open: (level: number) => Promise<TableCursor[]>,
  manifest: Manifest,
  kept: readonly RowSet[],
): Promise<void> {
  const { tables } = manifest;
  const types = wordIds(manifest);
  for (let level = tables.length - 2; level > 0; level--) {
    const [rows, longer] = [kept[level], kept[level + 1]];
    // By word id: 1 if a kept n-gram one word longer ends with the open context and this word.
    const isSuffix = new Uint8Array(types);
    // The indices of the contexts of the longer table that have a kept follower.
    const contexts = new RowSet(tables[level + 1].contexts);
    // Entry `word` + 1: how many contexts of the longer table have this nearest word. After the walk, entry `word`: the index of the first.
    const nextContext = new Uint32Array(types + 1);
    await walk(await open(level + 1), {
      close(depth, { context, words, from, to, row, contextIndex }) {
        if (depth < level) return;
        if (depth === level) {
          for (let i = from; i < to; i++) {
            if (isSuffix[words[i]] === 1) rows.add(row + i - from);
            isSuffix[words[i]] = 0;
          }
          return;
        }
        nextContext[context[0] + 1]++;
        for (let i = from; i < to; i++) {
          if (!longer.has(row + i - from)) continue;
          isSuffix[words[i]] = 1;
          contexts.add(contextIndex);
        }
      },
    });
    // The contexts of the longer table are the n-grams of this table that do not end with </s>, sorted by last word first. So the
    // n-grams with one last word have the same order as the contexts with this nearest word: `nextContext[word]` is the index of the
    // context that equals the next n-gram with this last word.
    for (let word = 0; word < types; word++) nextContext[word + 1] += nextContext[word];
    await walk(await open(level), {
      close(depth, { words, from, to, row }) {
        if (depth < level) return;
        for (let i = from; i < to; i++) {
          if (words[i] !== EOS && contexts.has(nextContext[words[i]]++)) rows.add(row + i - from);
        }
      },
    });
  }
}
