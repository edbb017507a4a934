import { isContiguous, span, type Pattern } from '../tables/pattern.js';
import type { TableManifest } from '../tables/manifest.js';
import type { Discounts } from './discounts.js';

/** A table that a mixture interpolates. */
export interface MixtureTable {
  readonly pattern: Pattern;
  readonly discounts: Discounts;
  /** The table's place in the evidence. */
  readonly index: number;
}

/**
 * The patterns of a mixture and how they back off: each to its children, its largest proper subsets among the patterns.
 * Patterns come after all their subsets; the first is the empty pattern. All patterns of order 3, each above its children:
 *
 * ```
 *        111           keeps the distances 1 and 2
 *       /   \
 *     11     1_1       keep 1; keep 2
 *       \   /
 *         1            the empty pattern: unigrams; below it the uniform distribution
 * ```
 */
export interface Lattice {
  readonly tables: readonly MixtureTable[];
  /** By pattern, the places of its children in `tables`. */
  readonly children: readonly Uint32Array[];
  /** `dropped[p][c]`: the smallest distance (1 = previous word) that pattern p has and its c-th child lacks. */
  readonly dropped: readonly Uint8Array[];
  /** By pattern, its largest distance; 0 for the empty pattern. */
  readonly spans: Uint8Array;
  /** `top[a]` is the pattern of the `a` nearest words. */
  readonly top: Uint32Array;
  /** V: number of types, each with probability 1/V in the uniform distribution below the empty pattern. */
  readonly vocabulary: number;
}

/** A table as its manifest describes it. */
export interface SmoothedTable {
  readonly pattern: Pattern;
  readonly manifest: Pick<TableManifest, 'countsOfCounts' | 'mixed'>;
}

/**
 * The lattice of a stream's tables. Tables that the mixture does not interpolate (`mixed` is false) are left out.
 *
 * @param vocabulary the number of types that are predicted.
 * @param discounts estimates a table's discounts from its counts of counts.
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

/** The lattice of some patterns, among them all contiguous ones up to the order. */
export function createLattice(tables: readonly MixtureTable[], vocabulary: number): Lattice {
  const patterns = tables.map(table => table.pattern);
  const children = patterns.map(pattern => Uint32Array.from(childrenOf(pattern, patterns)));
  const dropped = patterns.map((pattern, s) =>
    Uint8Array.from(children[s], child => pattern.find(distance => !patterns[child].includes(distance)) ?? 0),
  );
  const top = Uint32Array.from(patterns.flatMap((pattern, index) => (isContiguous(pattern) ? [index] : [])));
  return { tables, children, dropped, spans: Uint8Array.from(patterns, span), top, vocabulary };
}

/** The places of the largest proper subsets of a pattern among the patterns of a model. */
function childrenOf(pattern: Pattern, patterns: readonly Pattern[]): number[] {
  const below = patterns
    .map((other, index) => ({ other, index }))
    .filter(({ other }) => other.length < pattern.length && other.every(distance => pattern.includes(distance)));
  return below
    .filter(({ other }) => !below.some(b => b.other.length > other.length && other.every(d => b.other.includes(d))))
    .map(({ index }) => index);
}
