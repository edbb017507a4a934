import { openCursors } from '../../tables/open-cursor.js';
import { walk } from '../../tables/walk.js';
import type { ModelStore } from '../../store/store.js';
import { BOS } from '../../text/tokens.js';
import type { CheckedTable } from './table.js';
import type { Findings } from './findings.js';

/** The most findings of one table that are reported. */
const MOST_REPORTED = 10;

/**
 * Checks continuation counts: the count of an n-gram must be the number of n-grams one word longer that end with it, or more if some
 * of the longer n-grams were pruned. The highest order and n-grams that begin with `<s>` have raw counts, which are not checked.
 *
 * @param tables the contiguous tables of words or of classes, by order.
 * @param onRows called with the number of rows of each block that was read.
 */
export async function checkExtensions(
  store: ModelStore,
  tables: readonly CheckedTable[],
  findings: Findings,
  onRows: (rows: number) => void,
): Promise<void> {
  const check = 'counts';
  const names = tables.map(({ manifest }) => manifest.pattern);
  const cursors = await openCursors(store, names, onRows);
  const top = tables.length - 1;
  const wrong = tables.map(() => 0);
  const fail = (level: number, problem: string): void => {
    if (++wrong[level] <= MOST_REPORTED) findings.add(check, `table ${tables[level].manifest.pattern}`, problem);
  };
  /** By level and word id: the number of n-grams one word longer that end with the open context of this level and the word. */
  const longer = tables.map(({ words }) => new Uint32Array(words));
  /** By level: the sum of `longer`. */
  const pending = tables.map(() => 0);
  await walk(cursors, {
    close(level, { context, words, counts, from, to }) {
      findings.checked(check, to - from);
      const isWhole = level === top || tables[level + 1].manifest.dropped === undefined;
      if (level < top && context[level - 1] !== BOS) {
        for (let i = from; i < to; i++) {
          const found = longer[level][words[i]];
          longer[level][words[i]] = 0;
          pending[level] -= found;
          if (found === counts[i] || (!isWhole && found < counts[i])) continue;
          const ngram = [...context].reverse().concat(words[i]).join(' ');
          fail(
            level,
            `the n-gram of the words ${ngram} is counted ${counts[i]} times; ${found} longer ones end with it`,
          );
        }
      }
      if (level < top && pending[level] > 0) {
        fail(
          level,
          `${pending[level]} longer n-grams end with the words ${[...context].reverse().join(' ')} and a word that does not follow these`,
        );
        longer[level].fill(0);
        pending[level] = 0;
      }
      if (level > 0) {
        const shorter = longer[level - 1];
        for (let i = from; i < to; i++) shorter[words[i]]++;
        pending[level - 1] += to - from;
      }
      return undefined;
    },
  });
}
