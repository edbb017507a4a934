import { exp, log } from '../../base/elementary.js';
import type { Runs } from './runs.js';

/** A term below e to this power is left out. */
const LEAST_EXPONENT = -40;

/** By n from 0 to `most`, ln n!. */
export function logFactorials(most: number): Float64Array {
  const logs = new Float64Array(most + 1);
  for (let n = 2; n <= most; n++) logs[n] = logs[n - 1] + log(n);
  return logs;
}

/**
 * The mean number of types of m units, over all choices of m of the U units, and so over all orders of the units: a type that d units have
 * is in none of the m with the probability C(U − d, m) / C(U, m) (sample-based rarefaction; Gotelli & Colwell 2001). Between whole m the
 * mean is interpolated linearly.
 *
 * @param logs {@link logFactorials}, up to U at least.
 * @param units U.
 * @param spread over the types, the number d of units that have the type.
 * @param m from 0 to U; need not be whole.
 */
export function meanTypes(logs: Float64Array, units: number, spread: Runs, m: number): number {
  const below = Math.min(units, Math.floor(m));
  const types = typesOf(logs, units, spread, below);
  return m === below || below === units
    ? types
    : types + (m - below) * (typesOf(logs, units, spread, below + 1) - types);
}

function typesOf(logs: Float64Array, units: number, { values, times }: Runs, m: number): number {
  if (m === 0) return 0;
  const all = logs[units] - logs[units - m];
  let [types, missing] = [0, 0];
  for (const count of times) types += count;
  for (let i = 0; i < values.length; i++) {
    const rest = units - values[i];
    if (rest < m) break;
    const exponent = logs[rest] - logs[rest - m] - all;
    // The exponent falls as the number of units rises.
    if (exponent < LEAST_EXPONENT) break;
    missing += times[i] * exp(exponent);
  }
  return types - missing;
}
