import { heatScale, heatStep, type HeatScale } from '../../../src/report/heat.js';

/** Number of colours: the classes `h0` (no colour) to `h8` of the style sheet. */
export const HEAT_STEPS = 9;

/** The scale ends at the size of the vocabulary, which is the perplexity of a blind guess, and begins at 1/WIDTH of this size. */
const WIDTH = 1000;

/** The scale of perplexities for a vocabulary. It does not depend on the text, so that no colour changes while the user types. */
export function scaleOf(vocabulary: number): HeatScale {
  return heatScale([Float64Array.of(Math.max(1, vocabulary / WIDTH), vocabulary)]);
}

/** The CSS class of a perplexity. */
export function heatClass(perplexity: number, scale: HeatScale): string {
  return `h${heatStep(perplexity, scale, HEAT_STEPS)}`;
}
