import { heatScale, heatStep, readable, type HeatScale } from '../../../src/report/heat.js';
import type { Reading } from '../protocol.js';
import { brief, whole } from './figures.js';

/** Number of colours: the classes `h0` (no colour) to `h8` of the style sheet. */
export const HEAT_STEPS = 9;

/** The scale ends at the size of the vocabulary, which is the perplexity of a blind guess, and begins at 1/WIDTH of this size. */
const WIDTH = 1000;

/** The scale of perplexities for a vocabulary. It does not depend on the text, so that no colour changes while the user types. */
export function scaleOf(vocabulary: number): HeatScale {
  return heatScale([Float64Array.of(Math.max(1, vocabulary / WIDTH), vocabulary)]);
}

/** The perplexity that the colour of a token shows, and the texts with which the page writes it. The perplexity of one token is 1/p. */
export interface Measure {
  /** The perplexity of a token. */
  readonly of: (reading: Reading, token: number) => number;
  /** A value under a token. */
  readonly brief: (perplexity: number) => string;
  /** The ends of the scale. */
  readonly lowest: (perplexity: number) => string;
  readonly highest: (perplexity: number) => string;
}

/** The surprise of the token: −log2 p [bits]. */
export const SURPRISE: Measure = {
  of: ({ log10Probs }, token) => 10 ** -log10Probs[token],
  brief: perplexity => (Math.log2(perplexity) < 9.95 ? bits(perplexity) : whole(Math.log2(perplexity))),
  lowest: low => `${bits(low)} bits or less`,
  highest: high => `${bits(high)} bits, a blind guess`,
};

/** The n-gram perplexity of the token, of the windows of three tokens that contain it. */
export const WINDOWS: Measure = {
  of: ({ perplexities }, token) => perplexities[token],
  brief,
  lowest: low => `perplexity ${readable(low)} or less`,
  highest: high => `${whole(high)}, a blind guess`,
};

/** A perplexity as a surprise: its logarithm to base 2 [bits]. */
export function bits(perplexity: number): string {
  const value = Math.log2(perplexity);
  return value.toLocaleString('en-US', { minimumFractionDigits: 1, maximumFractionDigits: 1 });
}

/** The CSS class of a perplexity. */
export function heatClass(perplexity: number, scale: HeatScale): string {
  return `h${heatStep(perplexity, scale, HEAT_STEPS)}`;
}
