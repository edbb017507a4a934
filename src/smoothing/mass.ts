import type { Mixture } from './mixture.js';

/**
 * Spreads a probability mass over the lattice, for the word that the mixture evaluated last: each pattern passes the share γ of the mass
 * that reaches it to its children, by their weights λ.
 *
 * @param available number of words of history.
 * @param whole the mass that reaches the longest pattern.
 * @returns by pattern: the mass that reaches it.
 */
export function spreadMass(
  { lattice, firstWeight, gammas, weights }: Mixture,
  available: number,
  whole: number,
): Float64Array {
  const from = lattice.top[available];
  const mass = new Float64Array(from + 1);
  mass[from] = whole;
  for (let s = from; s >= 0; s--) {
    if (mass[s] === 0) continue;
    lattice.children[s].forEach((child, i) => (mass[child] += mass[s] * gammas[s] * weights[firstWeight[s] + i]));
  }
  return mass;
}
