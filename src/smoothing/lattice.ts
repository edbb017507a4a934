import { isContiguous, MAX_ORDER, span, type Pattern } from '../tables/pattern.js';
import type { TableManifest } from '../tables/manifest.js';
import type { Discounts } from './discounts.js';

/** A table that a mixture interpolates. */
export interface MixtureTable {
  readonly pattern: Pattern;
  readonly discounts: Discounts;
  /** The index of the table in the evidence. */
  readonly index: number;
}

/**
 * The patterns of a mixture, and the children of each pattern, to which it backs off. A pattern is a set of distances; its children
 * are its largest proper subsets among the patterns. In code, s is the index of a pattern in `tables`. All patterns of order 3, each
 * above its children:
 *
 * ```
 *        111           the distances 1 and 2
 *       /   \
 *     11     1_1       distance 1; distance 2
 *       \   /
 *         1            the empty pattern: unigrams, which back off to the uniform distribution
 * ```
 */
export interface Lattice {
  /** The patterns with their tables: each after all its subsets, so the empty pattern is the first. */
  readonly tables: readonly MixtureTable[];
  /** By pattern: the indices of its children. */
  readonly children: readonly Uint32Array[];
  /** `dropped[s][i]`: the smallest distance (1 = previous word) that pattern s has and its i-th child lacks. */
  readonly dropped: readonly Uint8Array[];
  /** By pattern: its largest distance; 0 for the empty pattern. */
  readonly spans: Uint8Array;
  /** `top[a]` is the index of the contiguous pattern of the `a` nearest words. */
  readonly top: Uint32Array;
  /** V: number of types, each with probability 1/V in the uniform distribution below the empty pattern. */
  readonly vocabulary: number;
}

/** A table: its pattern, and the part of its manifest that smoothing needs. */
export interface SmoothedTable {
  readonly pattern: Pattern;
  readonly manifest: Pick<TableManifest, 'countsOfCounts' | 'mixed'>;
}

/**
 * The lattice of the tables of words, or of the tables of classes. Leaves out tables that the mixture does not interpolate (`mixed` is
 * false).
 *
 * @param tables with the indices that they have in the evidence.
 * @param vocabulary the number of types that are predicted.
 * @param discounts estimates the discounts of a table from its numbers of n-grams with the counts 1, 2, 3, 4.
 */
export function latticeOf(
  tables: readonly SmoothedTable[],
  vocabulary: number,
  discounts: (countsOfCounts: readonly number[]) => Discounts,
): Lattice {
  const mixed = tables.flatMap(({ pattern, manifest }, index) =>
    manifest.mixed ? [{ pattern, discounts: discounts(manifest.countsOfCounts), index }] : [],
  );
  return createLattice(mixed, vocabulary);
}

/** The lattice of these patterns, which must include all contiguous patterns up to the longest one. */
export function createLattice(tables: readonly MixtureTable[], vocabulary: number): Lattice {
  const patterns = tables.map(table => table.pattern);
  const children = patterns.map(pattern => Uint32Array.from(childrenOf(pattern, patterns)));
  const dropped = patterns.map((pattern, s) =>
    Uint8Array.from(children[s], child => pattern.find(distance => !patterns[child].includes(distance)) ?? 0),
  );
  const contiguous = patterns.flatMap((pattern, index) => (isContiguous(pattern) ? [index] : []));
  const top = Uint32Array.from({ length: MAX_ORDER }, (_, a) => contiguous[Math.min(a, contiguous.length - 1)]);
  return { tables, children, dropped, spans: Uint8Array.from(patterns, span), top, vocabulary };
}

/** The indices of the largest proper subsets of a pattern among `patterns`. */
function childrenOf(pattern: Pattern, patterns: readonly Pattern[]): number[] {
  const subsets = patterns
    .map((other, index) => ({ other, index }))
    .filter(({ other }) => other.length < pattern.length && other.every(distance => pattern.includes(distance)));
  return subsets
    .filter(({ other }) => !subsets.some(b => b.other.length > other.length && other.every(d => b.other.includes(d))))
    .map(({ index }) => index);
}
