import { estimateDiscounts } from '../smooth/discounts.js';
import type { Manifest } from '../store/manifest.js';
import type { TableCursor } from './cursor.js';
import { RawCounts } from './raw-counts.js';
import type { RowSet } from './row-set.js';
import { walk } from './walk.js';

/**
 * Keeps the n-grams without which perplexity would rise by the share `threshold` or more (Stolcke 1998), each taken by
 * itself: exp(p(h) · D) − 1, D being the relative entropy between p(·|h) with and without the n-gram. p is modified
 * Kneser-Ney; p(h) is the relative frequency of the context, since Kneser-Ney's short contexts are no estimate of it
 * (Chelba et al. 2010).
 *
 * @param kept by level, where the rows to keep are put.
 */
export async function keepByEntropy(
  cursors: readonly TableCursor[],
  threshold: number,
  { tables, tokens, vocabulary }: Manifest,
  kept: readonly RowSet[],
): Promise<void> {
  const rawCounts = new RawCounts(cursors.length - 1, vocabulary);
  const discounts = tables.map(({ countsOfCounts }) => Float64Array.of(0, ...estimateDiscounts(countsOfCounts).values));
  // By level: of the context that is open, p of its followers by word, γ and Σc.
  const probabilities = cursors.map(() => new Float64Array(vocabulary + 2));
  const freed = new Float64Array(cursors.length);
  const totals = new Float64Array(cursors.length);
  await walk(cursors, {
    open(level, { words, counts, from, to }) {
      const [own, lower, d] = [probabilities[level], probabilities[level - 1], discounts[level]];
      let total = 0;
      let taken = 0;
      for (let i = from; i < to; i++) {
        total += counts[i];
        taken += d[Math.min(counts[i], 3)];
      }
      const share = taken / total;
      for (let i = from; i < to; i++) {
        const word = words[i];
        own[word] = (counts[i] - d[Math.min(counts[i], 3)]) / total + share * (level > 0 ? lower[word] : 1 / vocabulary);
      }
      freed[level] = share;
      totals[level] = total;
    },
    close(level, cursor) {
      const raw = rawCounts.take(level, cursor);
      if (level === 0) return;
      const { words, counts, from, to, row } = cursor;
      const [own, lower, d] = [probabilities[level], probabilities[level - 1], discounts[level]];
      let occurrences = 0;
      let seen = 0;
      let seenLower = 0;
      for (let i = from; i < to; i++) {
        occurrences += raw[i - from];
        seen += own[words[i]];
        seenLower += lower[words[i]];
      }
      const gamma = freed[level];
      const unseen = gamma * Math.max(0, 1 - seenLower);
      for (let i = from; i < to; i++) {
        const p = own[words[i]];
        const q = lower[words[i]];
        const moved = (counts[i] - d[Math.min(counts[i], 3)]) / totals[level];
        let divergence = 0;
        if (process.env.VARIANT === 'stolcke') {
          const num = unseen, den = Math.max(0, 1 - seenLower);
          const alpha = (num + p) / (den + q);
          divergence = p * Math.log(p / (q * alpha));
          if (num > 0) divergence += num * Math.log(gamma / alpha);
        } else {
          const others = Math.max(0, seen - p);
          const othersLower = Math.max(0, seenLower - q);
          divergence = p * Math.log(p / ((gamma + moved) * q)) - unseen * Math.log1p(moved / gamma);
          if (others > 0) divergence -= others * Math.log1p((moved * othersLower) / others);
        }
        const history = process.env.HISTORY === 'one' ? 1 / tokens : occurrences / tokens;
        if (Math.expm1(history * divergence) >= threshold) kept[level].add(row + i - from);
      }
    },
  });
}
