import type { Mixture } from './mixture.js';

/**
 * Sends a probability mass through the lattice as it stands for the word that was evaluated last: each pattern passes on to
 * its children what it frees.
 *
 * @returns the mass that reaches each pattern.
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
