import type { Mixture } from './mixture.js';

/**
 * Spreads a probability mass over the lattice, for the word that was evaluated last: a pattern gives the share γ (`freed`) of its
 * mass to its children, by their weights λ.
 *
 * @param whole the mass that the longest pattern gets.
 * @returns by pattern, the mass that reaches it.
 */
export function spreadMass(
  { lattice, edges, freed, weights }: Mixture,
  available: number,
  whole: number,
): Float64Array {
  const from = lattice.top[available];
  const mass = new Float64Array(from + 1);
  mass[from] = whole;
  for (let s = from; s >= 0; s--) {
    if (mass[s] === 0) continue;
    lattice.children[s].forEach((child, i) => (mass[child] += mass[s] * freed[s] * weights[edges[s] + i]));
  }
  return mass;
}
