import { checkFlag, optionError, wholeNumber, type OptionTable } from '../../base/check.js';
import { exp, log } from '../../base/elementary.js';

/**
 * src/model/generation: text from a model. `truncation.ts` and `mirostat.ts` choose the words that may be drawn, `draw.ts` draws one,
 * `generate.ts` draws whole texts, `beam.ts` finds the most probable texts, and `gap.ts` finds the words between two sides.
 */

/** The tokens that may be drawn, and the change of their probabilities. Without any of these options a token is drawn with its probability. */
export interface TruncationOptions {
  /** T: tokens are drawn in proportion to p^(1/T). T < 1 makes probable tokens more probable, T > 1 makes them less probable. */
  readonly temperature?: number;
  /** Keeps this many tokens, the most probable ones. */
  readonly topK?: number;
  /** Keeps the fewest most probable tokens whose probabilities add up to at least this share (Holtzman et al. 2020). */
  readonly topP?: number;
  /** Keeps the tokens with at least this share of the probability of the most probable token (Nguyen et al. 2024). */
  readonly minP?: number;
  /** Keeps the tokens whose −ln p is nearest to the entropy, until they have at least this share (Meister et al. 2023). */
  readonly typical?: number;
  /** Keeps the tokens with at least this probability (Hewitt, Manning & Liang 2022). */
  readonly epsilon?: number;
  /** Keeps the tokens with p ≥ min(η, √η · e^−H), where H is the entropy [nats] (Hewitt, Manning & Liang 2022). */
  readonly eta?: number;
  /** Whether `<unk>`, which stands for all unknown words, is drawn too. Default false. */
  readonly unknown?: boolean;
}

/** The row of an option that takes a number above 0 and up to `most`. */
export function positive(most: number): (name: string, value: unknown) => void {
  return (name, value) => {
    if (typeof value === 'number' && value > 0 && value <= most && value < Infinity) return;
    throw optionError(name, value, most === Infinity ? 'a finite number above 0' : `a number above 0, at most ${most}`);
  };
}

/** The checks of {@link TruncationOptions}. */
export const TRUNCATION_OPTIONS: OptionTable<TruncationOptions> = {
  temperature: positive(Infinity),
  topK: wholeNumber(1, Number.MAX_SAFE_INTEGER),
  topP: positive(1),
  minP: positive(1),
  typical: positive(1),
  epsilon: positive(1),
  eta: positive(1),
  unknown: checkFlag,
};

/** Raises probabilities to the power 1/T, and multiplies them so that the first, the highest, is 1. */
export function temper(probabilities: Float64Array, temperature: number): void {
  const highest = log(probabilities[0]);
  for (let i = 0; i < probabilities.length; i++) {
    probabilities[i] = exp((log(probabilities[i]) - highest) / temperature);
  }
}

/**
 * Lowers the numbers of types that may be drawn, by top-k, top-p, min-p, typical, epsilon and eta, in this order. Each step works on the
 * types that remain after the steps before, with their probabilities divided by their sum. At least one type remains.
 *
 * @param probabilities by run of equally probable types, the probability of one type; runs by falling probability. They need not add up to 1.
 * @param counts by run, its number of types; overwritten by the number of types that may be drawn.
 * @param mass the sum of the probabilities of all types, if the runs behind those of top-p are missing.
 */
export function truncate(
  probabilities: Float64Array,
  counts: Uint32Array,
  options: TruncationOptions,
  mass = massOf(probabilities, counts),
): void {
  const { topK, topP, minP, typical, epsilon, eta } = options;
  if (topK !== undefined) keepFirst(counts, topK);
  const all = topK === undefined ? mass : massOf(probabilities, counts);
  if (topP !== undefined && topP < 1) keepShare(probabilities, counts, topP * all);
  if (minP !== undefined) keepAbove(probabilities, counts, minP * probabilities[0]);
  if (typical !== undefined) keepTypical(probabilities, counts, typical);
  if (epsilon !== undefined) keepAbove(probabilities, counts, epsilon * massOf(probabilities, counts));
  if (eta !== undefined) {
    const mass = massOf(probabilities, counts);
    const least = Math.min(eta, Math.sqrt(eta) * exp(-entropyOf(probabilities, counts, mass)));
    keepAbove(probabilities, counts, least * mass);
  }
}

/** Σ p over the types that may be drawn. */
export function massOf(probabilities: Float64Array, counts: Uint32Array): number {
  let mass = 0;
  for (let i = 0; i < counts.length; i++) mass += counts[i] * probabilities[i];
  return mass;
}

/** The entropy of the types that may be drawn: −Σ p/m ln(p/m), where m is `mass`, the sum of their probabilities [nats]. */
function entropyOf(probabilities: Float64Array, counts: Uint32Array, mass: number): number {
  let sum = 0;
  for (let i = 0; i < counts.length; i++) {
    if (counts[i] > 0) sum += counts[i] * probabilities[i] * log(probabilities[i]);
  }
  return log(mass) - sum / mass;
}

/** Keeps the first `most` types. */
export function keepFirst(counts: Uint32Array, most: number): void {
  let remaining = most;
  for (let i = 0; i < counts.length; i++) {
    counts[i] = Math.min(counts[i], remaining);
    remaining -= counts[i];
  }
}

/** Keeps the fewest first types whose probabilities add up to at least `mass`. */
function keepShare(probabilities: Float64Array, counts: Uint32Array, mass: number): void {
  let missing = mass;
  let i = 0;
  for (; i < counts.length; i++) {
    const needed = Math.max(1, Math.ceil(missing / probabilities[i]));
    if (needed <= counts[i]) break;
    missing -= counts[i] * probabilities[i];
  }
  if (i === counts.length) return;
  counts[i] = Math.max(1, Math.ceil(missing / probabilities[i]));
  counts.fill(0, i + 1);
}

/** Keeps the types with a probability of at least `least`; if there are none, the first type. */
export function keepAbove(probabilities: Float64Array, counts: Uint32Array, least: number): void {
  const first = counts.findIndex(count => count > 0);
  for (let i = 0; i < counts.length; i++) if (probabilities[i] < least) counts[i] = 0;
  if (counts[first] === 0) counts[first] = 1;
}

/**
 * Keeps the types whose −ln p is nearest to the entropy, until their probabilities add up to at least `share` of the mass. Types as near as
 * the last of them are kept too.
 */
function keepTypical(probabilities: Float64Array, counts: Uint32Array, share: number): void {
  const mass = massOf(probabilities, counts);
  const entropy = entropyOf(probabilities, counts, mass);
  const logMass = log(mass);
  const distances = Float64Array.from(probabilities, (probability, i) =>
    counts[i] > 0 ? Math.abs(logMass - log(probability) - entropy) : Infinity,
  );
  const order = Uint32Array.from(counts.keys()).sort((a, b) => distances[a] - distances[b] || a - b);
  let sum = 0;
  let farthest = Infinity;
  for (const i of order) {
    sum += counts[i] * probabilities[i];
    if (sum < share * mass) continue;
    farthest = distances[i];
    break;
  }
  for (let i = 0; i < counts.length; i++) if (distances[i] > farthest) counts[i] = 0;
}
