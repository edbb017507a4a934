import { discountArray, discounted, discountOf, estimateDiscounts } from '../../smoothing/discounts.js';
import { wordIds, type Manifest } from '../../tables/manifest.js';
import type { TableCursor } from '../../tables/cursor.js';
import { RawCounts } from './raw-counts.js';
import type { RowSet } from './row-set.js';
import { walk } from '../../tables/walk.js';

/** Probabilities of modified Kneser-Ney in a context h, and in the context below it, which lacks the farthest word of h. */
export interface ContextShares {
  /** γ(h): the weight of the context below. */
  readonly gamma: number;
  /** Σ p of the followers of h: in h, and in the context below. */
  readonly seen: number;
  readonly seenBelow: number;
}

/**
 * The relative entropy in nats between p(·|h) and p'(·|h), which lacks one follower (Stolcke 1998): the follower's share
 * (c − D(c))/Σc moves to γ(h), so that every word gains that share of its p in the context below. As in Stolcke 1998 the sum has
 * three terms: the follower, all other followers, all words that do not follow h.
 *
 * @param p the probability of the follower in h.
 * @param below the probability of the follower in the context below.
 * @param own the follower's share (c − D(c))/Σc.
 */
export function divergence(p: number, below: number, own: number, { gamma, seen, seenBelow }: ContextShares): number {
  const others = Math.max(0, seen - p);
  const rest = Math.max(0, 1 - seenBelow);
  return (
    term(p, (gamma + own) * below) +
    term(others, others + own * Math.max(0, seenBelow - below)) +
    term(gamma * rest, (gamma + own) * rest)
  );
}

function term(before: number, after: number): number {
  return before > 0 ? before * Math.log(before / after) : 0;
}

/**
 * Input: the tables of a model. Output: the rows of the n-grams whose loss would raise perplexity by the share `threshold` or
 * more, each n-gram taken by itself: exp(p(h) · D) − 1 (Stolcke 1998). Order: as {@link walk}.
 *
 * p(h) is the relative frequency of the context in the text. The chain rule instead would multiply Kneser-Ney's lower orders,
 * which do not estimate how often words occur (Chelba et al. 2010): of the 2.3 M n-grams of the Penn Treebank the chain rule
 * kept 465 k with a perplexity of 153.5, the relative frequency 446 k with 148.6.
 *
 * @param cursors by level (the order less 1), at their first contexts.
 * @param kept by level, the set that gets the rows to keep.
 */
export async function keepByEntropy(
  cursors: readonly TableCursor[],
  threshold: number,
  manifest: Manifest,
  kept: readonly RowSet[],
): Promise<void> {
  const { tables, tokens, vocabulary } = manifest;
  const words = wordIds(manifest);
  const rawCounts = new RawCounts(cursors.length - 1, words);
  const discounts = tables.map(({ countsOfCounts }) => discountArray(estimateDiscounts(countsOfCounts)));
  // By level, of the open context: p of its followers by word, Σc, and γ.
  const probabilities = cursors.map(() => new Float64Array(words));
  const totals = new Float64Array(cursors.length);
  const gammas = new Float64Array(cursors.length);
  await walk(cursors, {
    open(level, { words, counts, from, to }) {
      const [here, below, discount] = [probabilities[level], probabilities[level - 1], discounts[level]];
      let total = 0;
      let taken = 0;
      for (let i = from; i < to; i++) {
        total += counts[i];
        taken += discountOf(counts[i], discount);
      }
      const gamma = taken / total;
      for (let i = from; i < to; i++) {
        const own = discounted(counts[i], discount) / total;
        here[words[i]] = own + gamma * (level > 0 ? below[words[i]] : 1 / vocabulary);
      }
      totals[level] = total;
      gammas[level] = gamma;
    },
    close(level, cursor) {
      const raw = rawCounts.take(level, cursor);
      if (level === 0) return;
      const { words, counts, from, to, row } = cursor;
      const [here, below, discount] = [probabilities[level], probabilities[level - 1], discounts[level]];
      let occurrences = 0;
      let seen = 0;
      let seenBelow = 0;
      for (let i = from; i < to; i++) {
        occurrences += raw[i - from];
        seen += here[words[i]];
        seenBelow += below[words[i]];
      }
      const shares = { gamma: gammas[level], seen, seenBelow };
      for (let i = from; i < to; i++) {
        const own = discounted(counts[i], discount) / totals[level];
        const loss = (occurrences / tokens) * divergence(here[words[i]], below[words[i]], own, shares);
        if (Math.expm1(loss) >= threshold) kept[level].add(row + i - from);
      }
    },
  });
}
